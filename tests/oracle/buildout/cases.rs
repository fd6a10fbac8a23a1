//! Small cases, each about one rule of the language.

use super::comparison::{Case, compare};

/// A case of one file; `[buildout]` need not be written.
fn one(text: &str) -> Case {
    let name = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("empty").to_owned();
    let text =
        if text.contains("[buildout") { text.to_owned() } else { format!("[buildout]\n{text}") };
    Case::new(&name, &[("buildout.cfg", &text)])
}

fn ones(texts: &[&str]) -> Vec<Case> {
    texts.iter().map(|text| one(text)).collect()
}

#[test]
fn lines() {
    compare(&ones(&[
        "[a]\nx = 1\n",
        "[a]\nx = one\n  two\n\n  three\n# c\n  four\n  # five\n",
        "[a]\nx =\n      one\n        two\n    four\n\n\n  six\n\n",
        "[a]\nx =\n\tone\n        two\n",
        "[a]\nx =\n  a\n \n\x0c\n  b\n",
        "[a]\nx =\n   \n   b   \n\n\n",
        "[a]\nx=1\r\ny =\r\n  2\r\n  3\r\nz=4\r5=6\n",
        "[a]\nx = a = b\ny == c\nz= =d\n",
        "[a]\nx : 1\n",
        "[a]\nx y = 1\n",
        "[a]\n  x = 1\n",
        "[a]\n\n\n   \nx = 1\n",
        "[a]\nx\n",
        "[a]\nx = 1\ny\nz\n  w\n[b] junk\nq = 1\n",
        "[a]\nx + = 1\n",
        "[a]\nx += 1\ny -= 2\nz+=3\n",
        "[a]\nxy+=1\n",
        "[a]\nx+=1\n",
        "[a]\nx  += 1\n",
        "[a]\nx\t+= 1\n",
        "[a]\nx += 1\nx += 2\nx +=\n  3\n  4\nx +=\nx += 5\n",
        "[a]\nx =\n  1\nx +=\n    2\n    3\nx -=\n    1\n",
        "[a]\nx += 1\nx = 2\n",
        "[a]\nx = 2\nx += 1\nx = 3\n",
        "[a]\nx = 1\nx = 2\n[a]\ny = 3\nx = 4\n",
        "[a]\n$x = 1\n\"q\" = 2\na@b = 3\n-x = 4\n+ = 5\n",
        "[a]\n$x = 1\n\"q\" = 2\na@b = 3\n-x = 4\n",
        "[ a ]\nx = 1\n[a@b!]\nx = 1\n[1]\nx=1\n[größe]\nx=ü\n[a/b+c]\n",
        "[a];c\nx = 1 ; no comment\ny = 2 # no comment\n[b] # c ] d\n",
        "[a]\n=> b\n[b]\nx = 1\n",
        "[a]\n=> nope\n[b]\nx = 1\n",
        "[a]\n=>\nx = 1\n",
        "\u{feff}[buildout]\n",
        "x = 1\n[buildout]\n",
        "\n\n  \n[buildout]\n",
        "   x\n[buildout]\n",
        "# only\n; comments\n[buildout]\n# x\n",
        "",
        "[a]\nx = 1\u{a0}\n\u{a0}y\n\u{2003}z\n\x1c w\n\u{85}v\n",
        "[a]\nx = \x00\x01\n",
        "[a]\nx = 'it''s'\ny'\n\"\n\u{200b}bad\né bad\n",
        "[a]\nx =\n  [b]\n  [c]\n[d]\n",
        "[a]\nx = 1\n  ]\n[b]\n",
        "[a]\n<b> = 1\n< = \n",
        "[a]\nx=\ny =\n\nz = 1\n",
        "[a]\nx = 1\n[]\n",
        "[a]\nx = 1\n[a{b}]\n",
        "[a]\nx=y",
    ]));
}

#[test]
fn conditions() {
    compare(&ones(&[
        "[a]\nx = 0\n[a:linux]\nx = 1\n[a:macosx]\nx = 2\n  3\n",
        "[a:not linux]\nx = 0\n[b: linux and not (windows or macosx)]\ny = 1\n",
        "[a:python3]\nx = 0\n[b:python2]\ny = 1\n[c:python310]\nz=1\n[d:python311]\nz=1\n",
        "[a:python_version >= '3.8']\nx = 0\n[a:python_version < '3.8']\nx = 1\n",
        "[a:python_version >= \"3.10\" and sys_platform == 'linux']\nx = 0\n",
        "[a:sys_platform == 'win32' or python_version == '2.7']\nx = 0\n",
        "[a:platform_system == 'Linux']\nx = 0\n[b:os_name != 'posix']\ny = 1\n",
        "[a:'x' == 'x']\nx = 1\n",
        "[a:]\nx = 1\n",
        "[a: ]\nx = 1\n",
        "[a:nonsense]\nx = 1\n",
        "[a:linux or nonsense]\nx = 1\n",
        "[a:windows and nonsense]\nx = 1\n",
        "[a:(linux]\nx = 1\n",
        "[a:True]\nx = 1\n[b:False]\nx = 1\n[c:not None]\n",
        "[a:linux]  # comment ] more\nx = 1\n[b:linux] ; other\n",
        "[a]\nx = 0\n  [a:linux]\n",
        "[a]\nx += 0\n[a:linux]\nx += 1\n[a:windows]\nx += 2\n[a:posix]\nx += 3\n",
        "[a]\n[b:windows]\n  x\ny = 1\njunk\n[c]\n",
        "[a]\nx = 1\n[b:windows]\n  x\ny = 1\njunk\n[c]\n",
        "[b:windows]\nx = 1\n[buildout]\n",
        "[b:windows]\n\n# c\n[buildout]\n",
        "[a:bits64 and cpython and little_endian and not big_endian]\nx = 1\n",
        "[a:python_version in '3.10 3.11 3.12']\nx = 1\n",
        "[a:python_version ~= '3.4']\nx = 1\n[b:python_version == '3.*']\ny = 1\n",
        "[a:platform_machine == 'x86_64']\nx = 1\n[b:extra == '']\n[c:platform_release >= '2']\n",
        "[a:sys.platform == 'linux']\nx = 1\n[b:os.name == 'posix']\n",
        "[a:python_full_version < '3.99.1' and implementation_name == 'cpython']\n",
        "[a:'linux' in sys_platform]\nx = 1\n[b:'3.9' <= python_version]\n",
        "[a:python_version > '3.11']\nx = 1\n[b:python_version >= '3.11.0a1']\n[c:python_version === '3.11']\n",
        "[a:python_version == 'abc']\nx = 1\n[b:python_version < 'abc']\n",
        "[a:sys_platform ~= 'l']\n",
        "[a:linux and]\n",
        "[a:not]\n",
        "[a:linux windows]\n",
    ]));
}

#[test]
fn references() {
    compare(&ones(&[
        "[a]\nx = ${b:y}-${:z}\nz = ${b:_buildout_section_name_}\n[b]\ny = ${a:_buildout_section_name_}\n",
        "[a]\nx = $${b:y} $$${b:y} $$$${b:y}\n[b]\ny = 1\n",
        "[a]\nx = $ $5 ${b:y $} {b:y}\n[b]\ny = 1\n",
        "[a]\nx = ${b:y\n  }\n",
        "[a]\nx = ${b:y\n  }\n[b]\n",
        "[a]\nx = ${b\n  :y}\n",
        "[a]\nx = ${:y\n  }\n",
        "[a]\nx = ${b}\n",
        "[a]\nx = ${a:b:c}\n",
        "[a]\nx = ${a:${:b}}\n",
        "[a]\nx = ${}\n",
        "[a]\nx = ${:}\n",
        "[a]\nx = ${a:}\n",
        "[a]\nx = ${a/b:c}\n",
        "[a]\nx = ${a:c/d}\n",
        "[a]\nx = ${ä:c}\n",
        "[a]\nx = ${ b : y }\n[b]\ny = 1\n",
        "[a]\nx = ${b:y}\n[b]\n",
        "[a]\nx = ${b:y}\n",
        "[a]\nx = ${:x}\n",
        "[a]\nx = ${:y}\ny = ${:z}\nz = ${:x}\n",
        "[a]\nx = ${b:y}\n[b]\ny = ${a:x}\n",
        "[a]\nx = ${b:y}\nz = 1\n[b]\ny = ${a:z}\n",
        "[a]\nx = ${:l}${:r}\nl = $\nr = {b:y}\n[b]\ny = 1\n",
        "[a]\nx = ${b:l}${b:r}\n[b]\nl = $\nr = {a:q}\nz = ${a:x}\n",
        "[a]\nx = $${:y}\nz = ${:x}\ny = 1\nw = ${:z}${:z}\n",
        "[a]\nx = ${:l}{:y}\nl = $$\ny = 1\n",
        "[a]\nx = ${buildout:directory}/${buildout:bin-directory}/${buildout:eggs-directory}\n",
        "[buildout]\nx = ${:eggs-directory} ${a:y}\n[a]\ny = ${buildout:eggs-directory} ${buildout:x2}\n[buildout]\nx2 = 1\n",
        "[a]\nx =\n  ${b:y}\n  ${b:y}\n[b]\ny =\n  1\n  2\n",
        "[a]\nrecipe = foo\nx = ${b:z}\n[b]\nrecipe = bar\nz = 1\n",
        "[a]\nrecipe = foo\nx = ${b:location}\n[b]\nrecipe = bar\nz = 1\n",
        "[a]\n<part-dependencies> = b c\n[b]\nx = 1\n[c]\nx = ${a:nope}\n",
        "[a]\nx = ${b:y}${b:y}\n[b]\ny = ${c:z}${c:z}\n[c]\nz = ${d:w}${d:w}\n[d]\nw = 1\n",
    ]));
}

#[test]
fn macros() {
    compare(&ones(&[
        "[m]\nx = 1\ny = ${:x} ${:_buildout_section_name_}\n[a]\n<= m\nx = 2\n",
        "[m]\nx = 1\n[n]\nx = 2\ny = 2\n[a]\n<= m\n   n\nz = 3\n[b]\n<=\n  n\n  m\n",
        "[m]\nx = 1\n[a]\n<= m n\n",
        "[a]\n<= a\n",
        "[a]\n<= b\n[b]\n<= a\n",
        "[a]\n<= nope\n",
        "[m]\nx = 1\n[n]\n<= m\ny = 2\n[a]\n<= n\nx += 3\ny -= 2\nz += 4\n",
        "[m]\ne =\n  1\n  2\n[a]\n<= m\ne +=\n  3\ne -=\n  1\n",
        "[m]\nx += 1\n[n]\n<= q\nx += 2\n[q]\nx = 0\n[a]\n<= m\n  n\n",
        "[buildout]\n<= m\n[m]\nx = 1\n",
        "[buildout]\n<= m\nparts += x\nfind-links += y\n[m]\nx = 1\n",
        "[a]\n<= buildout\nz = ${:bin-directory} ${:directory}\n",
        "[m]\nrecipe = r\nport = 1\n[a]\n<= m\nport = 2\nx = ${m:port} ${:port}\n",
        "[m]\nx = ${:nope}\n[a]\n<= m\nnope = 1\n",
        "[a]\n< = m\n[m]\nx = 1\n",
        "[a]\n<= \n",
        "[a]\n<= ${b:c}\n[b]\nc = m\n",
        "[a]\n<= m\n[m]\nx+=1\n",
        "[a]\n<= m\nx+=1\n[m]\nx=1\n",
        "[a]\n<= m\n# c\n   n\n[m]\nx=1\n[n]\ny=1\n",
    ]));
}

fn layers_of(top: &str, base: &str) -> Case {
    Case::new(top, &[("buildout.cfg", top), ("base.cfg", base)])
}

#[test]
fn layers() {
    let base = "[buildout]\nparts =\n  a\n  b\nfind-links = x\n[a]\ne = 1\n[m]\neggs = one\n[u]\n<= m\neggs += two\n";
    let tops = [
        "[buildout]\nextends = base.cfg\nparts += c\nparts -= a\n",
        "[buildout]\nextends = base.cfg\nparts += c\nparts -= c\nparts += d\n",
        "[buildout]\nextends = base.cfg\nparts =\nparts += d\n",
        "[buildout]\nextends += base.cfg\nparts += d\n",
        "[buildout]\nextends =\n  base.cfg\n  base.cfg\nparts += c\n",
        "[buildout]\nextends = ./base.cfg .//base.cfg\n",
        "[buildout]\nextends = nope.cfg\n",
        "[buildout]\nextends = buildout.cfg\n",
        "[buildout]\nextends = base.cfg\nextended-by = x\n",
        "[buildout]\nextends = base.cfg\n[a]\ne += 2\nf += 3\ng -= 1\n[z]\ne += 1\nf -= 2\n",
        "[buildout]\nextends = base.cfg\n[u]\neggs += three\n",
        "[buildout]\nextends = base.cfg\n[u]\n<= a\neggs += three\n",
        "[buildout]\nextends = base.cfg\n[m]\neggs += zero\n",
        "[buildout]\nextends = base.cfg\nfind-links += y\nallow-hosts += z\nparts-directory = p\n",
        "[buildout]\nfind-links += y\nallow-hosts += z\nallow-hosts -= *\n",
        "[buildout]\noptional-extends = base.cfg nope.cfg\nparts += c\n",
        "[buildout]\nextends = base.cfg\noptional-extends = sub/x.cfg\nparts += c\n",
        "[buildout]\nextends = base.cfg\n[a]\ne+= 2\nff+=3\n",
        "[buildout]\nextends = base.cfg\n[zz]\nff+=3\n",
        "[buildout]\nextends = base.cfg\nparts -= \n  a\n  b\n",
        "[buildout]\nextends = base.cfg\nparts -= a b\n",
        "[buildout]\nextends = ${x:y}\n",
        "[buildout]\nextends = file:///nope/x.cfg\n",
    ];
    let mut cases: Vec<Case> = tops.iter().map(|top| layers_of(top, base)).collect();
    cases.push(Case::new("nested", &[
        ("buildout.cfg", "[buildout]\nextends = conf/prod.cfg\neggs-directory = e\nparts += top\n"),
        ("conf/prod.cfg", "[buildout]\nextends = base.cfg ../other.cfg\nparts += prod\nextends-cache = cache\n"),
        ("conf/base.cfg", "[buildout]\nparts = base\ndownload-cache = dl\neggs-directory = ~/eggs\n"),
        ("other.cfg", "[buildout]\nparts += other\n[o]\nx = 1\n"),
    ]));
    cases.push(Case::new(
        "circle",
        &[
            ("buildout.cfg", "[buildout]\nextends = a.cfg\n"),
            ("a.cfg", "[buildout]\nextends = b.cfg\n"),
            ("b.cfg", "[buildout]\nextends = a.cfg\n"),
        ],
    ));
    cases.push(Case::new(
        "diamond",
        &[
            ("buildout.cfg", "[buildout]\nextends = a.cfg b.cfg\n"),
            ("a.cfg", "[buildout]\nextends = c.cfg\nparts += a\n"),
            ("b.cfg", "[buildout]\nextends = c.cfg\nparts += b\n"),
            ("c.cfg", "[buildout]\nparts = c\n[s]\nx += 1\n"),
        ],
    ));
    cases.push(Case::new(
        "optional in a sub directory",
        &[
            ("buildout.cfg", "[buildout]\nextends = sub/a.cfg\n"),
            ("sub/a.cfg", "[buildout]\noptional-extends = local.cfg\nparts = a\n"),
            ("sub/local.cfg", "[buildout]\nparts += l\n"),
            ("local.cfg", "[buildout]\nparts += wrong\n"),
        ],
    ));
    cases.push(Case::new(
        "bad lines below",
        &[("buildout.cfg", "[buildout]\nextends = a.cfg\n"), ("a.cfg", "[buildout]\nbad\n")],
    ));
    cases.push(Case::new(
        "a file as URL",
        &[
            (
                "buildout.cfg",
                "[buildout]\nextends = a.cfg\nextends-cache = ${buildout:directory}/c\n",
            ),
            ("a.cfg", "[buildout]\nparts = a\n"),
        ],
    ));
    compare(&cases);
}

#[test]
fn user_defaults_are_the_lowest_layer() {
    let user = (
        "home/.buildout/default.cfg",
        "[buildout]\nextends = more.cfg\neggs-directory = ~/shared\nparts = u\noptional-extends = nope.cfg\n[u]\nx = 1\n",
    );
    let more =
        ("home/.buildout/more.cfg", "[buildout]\ndownload-cache = dl\n[u]\ny = 2\n[a]\nq = user\n");
    let tops = [
        "[buildout]\nparts += x\n",
        "[buildout]\nextends = base.cfg\nparts += x\n[a]\nq += 1\n",
        "[buildout]\nextends = base.cfg base.cfg\n[u]\nx += 2\n",
        "[buildout]\noptional-extends = base.cfg\nparts += x\n",
        "[buildout]\noptional-extends = base.cfg\nextends = base.cfg\nparts += x\n",
        "[u]\nx += 1\n",
        "[buildout]\nextends =\nparts += x\n",
    ];
    let mut cases = Vec::new();
    for top in tops {
        let files = [
            user,
            more,
            ("buildout.cfg", top),
            ("base.cfg", "[buildout]\nparts += b\n[u]\nz = 1\n"),
        ];
        cases.push(Case::new(top, &files).with_user_defaults());
        cases.push(Case::new(top, &files));
        cases
            .push(Case::new(top, &files).with_user_defaults().with(&["buildout:extends=base.cfg"]));
    }
    compare(&cases);
}

#[test]
fn buildout_options() {
    let mut cases = ones(&[
        "[buildout]\nnewest = maybe\n",
        "[buildout]\noffline = True\n",
        "[buildout]\noffline = true\nnewest = maybe\n",
        "[buildout]\noffline = true\ninstall-from-cache = true\n",
        "[buildout]\nprefer-final = ${a:x}\n[a]\nx = false\n",
        "[buildout]\noffline = ${a:x}\n[a]\nx = false\n",
        "[buildout]\nprefer-final = no\n",
        "[buildout]\nlog-level = LOUD\n",
        "[buildout]\nlog-level = 10\nverbosity = x\n",
        "[buildout]\nlog-level = debug\n",
        "[buildout]\nverbosity = 10\nabi-tag-eggs = true\n",
        "[buildout]\nabi-tag-eggs = x\n",
        "[buildout]\nversions = pins\n",
        "[buildout]\nversions =\n",
        "[buildout]\nversions = pins\n[pins]\nzc.buildout = 1\nx = ${buildout:directory}\n",
        "[buildout]\nversions = pins\n[pins]\n<= more\n[more]\nzc.buildout = 2\n",
        "[versions]\nzc.recipe.egg = 1\n",
        "[buildout]\nbin-directory = ./b/../c\nparts-directory = ~/p\ndevelop-eggs-directory = /d\n",
        "[buildout]\nbin-directory = ${:x}/bin\nx = rel\n",
        "[buildout]\nbin-directory = ${a:x}/bin\n[a]\nx = ${buildout:directory}\ny = ${buildout:bin-directory}\n",
        "[buildout]\neggs-directory = ${a:x}/eggs\neggs-directory-version =\n[a]\nx = {case}/nowhere\n",
        "[buildout]\ninstalled =\n",
        "[buildout]\ninstalled = sub/x.cfg\n",
        "[buildout]\ndownload-cache = d\nextends-cache =\n",
        "[buildout]\nsocket-timeout = abc\n",
        "[buildout]\nparts = ${a:nope}\n[a]\n",
        "[buildout]\nparts = a\nx = ${versions:y}\n[versions]\ny = 1\n[a]\nz = ${versions:zc.buildout}\n",
        "[buildout]\nfind-links =\n  a\n  b\nextensions = mr.developer\nauto-checkout = *\n[sources]\nx = git https://x/y.git\n",
        "[buildout]\npython = py\n[py]\nexecutable = /usr/bin/py\n",
        "[buildout]\nexecutable = /x\n",
        "[buildout]\nbin-directory += x\n",
        "[buildout]\nbin-directory =\n",
        "[buildout]\nextends-cache = ${buildout:directory}/x\n",
        "[buildout]\ndirectory = .\n",
        "[buildout]\ndirectory = sub\n",
        "[buildout]\ndirectory = sub\neggs-directory = ../e\ninstalled = x\n",
        "[buildout]\ndirectory = ${:x}\nx = {case}\n[a]\ny = ${buildout:bin-directory}\n",
        "[buildout]\ndirectory += {case}/x\n",
        "[buildout]\neggs-directory-version = v6\n[a]\nx = ${buildout:eggs-directory}\n",
        "[buildout]\nbin-directory = ~/bin\neggs-directory = ~\ndownload-cache = ~nobody-here/x\n",
        "[buildout]\nparts = a\n<part-dependencies> = nope\n",
        "[buildout]\nrecipe = x\n",
        "[a]\nrecipe = a:b:c\n",
        "[a]\nrecipe =\n<part-dependencies> = b\n[b]\nx = ${a:recipe}${a:recipe}\n",
    ]);
    let text = "[buildout]\nparts = a\nfoo = 1\n[m]\nx = 1\ny = 2\n[a]\n<= m\nz = ${:x}\n";
    for words in [
        &["a:x=2"][..],
        &["buildout:parts+=b"],
        &["buildout:parts += b"],
        &["buildout:parts-=a"],
        &["a:x+=3"],
        &["new:x=${a:z}"],
        &["new:x+=1"],
        &["new:xy +=1"],
        &["a:x=1", "a:x=0"],
        &["buildout:offline=false", "buildout:offline=true"],
        &["buildout:newest=x"],
        &["buildout:directory={case}/home"],
        &["buildout:eggs-directory=e", "buildout:bin-directory=b"],
        &[" a : x = 5 "],
        &["buildout:extends=other.cfg"],
        &["buildout:extends=other.cfg", "buildout:parts+=c"],
        &["buildout:extends=nope.cfg"],
        &["m:x="],
        &["a:<=m"],
        &["buildout:versions=nope"],
        &["buildout:extends+=other.cfg"],
        &["=x"],
    ] {
        let files = [("buildout.cfg", text), ("other.cfg", "[buildout]\nparts += o\n[a]\nx = 9\n")];
        if words == ["=x"] {
            continue;
        }
        cases.push(Case::new("command line", &files).with(words));
    }
    compare(&cases);
}
