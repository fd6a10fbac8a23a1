//! Many random projects; the seeds are fixed.

use super::comparison::{Case, compare};

/// A small generator of numbers; good enough to combine rules.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn one_in(&mut self, chance: usize) -> bool {
        self.below(chance) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const SECTIONS: &[&str] = &["a", "b", "c", "d", "m", "n"];
const OPTIONS: &[&str] = &["e", "f", "x", "y", "z"];
const CONDITIONS: &[&str] = &[
    "linux",
    "not linux",
    "macosx",
    "python3",
    "linux and python3",
    "(windows or posix)",
    "python_version >= '3.8'",
    "sys_platform == 'win32'",
    "python27",
    "not (macosx or windows)",
];

/// A reference that mostly points forward, so that cycles are rare.
fn reference(dice: &mut Dice, section: usize, option: usize) -> String {
    if dice.one_in(400) {
        return dice
            .pick(&["${nope:x}", "${a:nope}", "${b}", "${a:b:c}", "${a:x", "${a/b:x}"])
            .into();
    }
    if dice.one_in(12) {
        return dice
            .pick(&[
                "${:_buildout_section_name_}",
                "${a:_buildout_section_name_}",
                "${buildout:directory}",
                "${buildout:bin-directory}",
                "${buildout:parts}",
                "${versions:zc.buildout}",
            ])
            .into();
    }
    let back = dice.one_in(400);
    let target = if back {
        dice.below(SECTIONS.len())
    } else {
        section + dice.below(SECTIONS.len() - section)
    };
    if target == section && !back && option + 1 == OPTIONS.len() {
        return "last".into();
    }
    let name = match target {
        same if same == section && dice.one_in(2) => "",
        other => SECTIONS[other],
    };
    let option = if target > section || back {
        dice.below(OPTIONS.len())
    } else {
        option + 1 + dice.below(OPTIONS.len() - option - 1)
    };
    format!("${{{name}:{}}}", OPTIONS[option])
}

fn atom(dice: &mut Dice, section: usize, option: usize) -> String {
    match dice.below(8) {
        0..=2 => reference(dice, section, option),
        3 => dice
            .pick(&["$", "$$", "$${a:x}", "$$${b:y}", "{a:x}", "%(x)s", "#1", "; c", "[a]", "="])
            .into(),
        _ => dice.pick(&["1", "2", "one", "two", "three four", "zope", "8080", "ü"]).into(),
    }
}

fn value(dice: &mut Dice, section: usize, option: usize) -> String {
    let line = |dice: &mut Dice| {
        let count = 1 + dice.below(2);
        (0..count)
            .map(|_| atom(dice, section, option))
            .collect::<Vec<_>>()
            .join(dice.pick(&[" ", "", "-"]))
    };
    match dice.below(4) {
        0 => {
            let mut text = String::new();
            for _ in 0..=dice.below(4) {
                text += dice.pick(&["\n  ", "\n    ", "\n\t", "\n\n  ", "\n# c\n  ", "\n  "]);
                text += &line(dice);
            }
            text
        }
        1 => {
            let mut text = format!(" {}", line(dice));
            for _ in 0..=dice.below(2) {
                text += dice.pick(&["\n  ", "\n      ", "\n\n\t", "\n; c\n "]);
                text += &line(dice);
            }
            text
        }
        _ => format!(" {}", line(dice)),
    }
}

/// Without the blank, the original fails on an operator in a new section.
fn operator(dice: &mut Dice) -> &'static str {
    if dice.one_in(150) { "+=" } else { dice.pick(&[" =", " =", " +=", " -=", " +="]) }
}

fn section(dice: &mut Dice, at: usize, base: bool) -> String {
    let mut text = format!("[{}", SECTIONS[at]);
    if dice.one_in(6) && !base {
        text += &format!("{}{}", dice.pick(&[":", ": ", " : "]), dice.pick(CONDITIONS));
    }
    text += dice.pick(&["]\n", "] # c\n", "]\n\n", " ]\n"]);
    if dice.one_in(5) && at + 1 < SECTIONS.len() {
        let target = at + 1 + dice.below(SECTIONS.len() - at - 1);
        text += &format!("<= {}\n", SECTIONS[target]);
        if dice.one_in(4) {
            text += &format!("   {}\n", SECTIONS[at + 1 + dice.below(SECTIONS.len() - at - 1)]);
        }
    }
    for (number, name) in OPTIONS.iter().enumerate() {
        if !base && dice.one_in(2) {
            continue;
        }
        let operator = if base && !dice.one_in(8) { " =" } else { operator(dice) };
        text += &format!("{name}{operator}{}\n", value(dice, at, number));
    }
    text
}

fn buildout(dice: &mut Dice, extends: &[&str]) -> String {
    let mut text = String::from("[buildout]\n");
    if !extends.is_empty() {
        text += &format!(
            "extends ={}{}\n",
            dice.pick(&[" ", "\n    "]),
            extends.join(dice.pick(&[" ", "\n    "]))
        );
    }
    if extends.is_empty() || dice.one_in(2) {
        text += &format!(
            "parts {} {}\n",
            dice.pick(&["=", "+=", "-="]),
            dice.pick(&["a", "b", "a b", "\n  a\n  b"])
        );
    }
    if dice.one_in(3) {
        text += dice.pick(&[
            "newest = false\n",
            "eggs-directory = eggs2\n",
            "bin-directory = ${:directory}/b\n",
            "find-links += x\n",
            "develop = .\n",
            "versions = d\n",
            "installed =\n",
            "allow-hosts += y\n",
        ]);
    }
    text
}

fn file(dice: &mut Dice, extends: &[&str], base: bool) -> String {
    let mut text = buildout(dice, extends);
    for at in 0..SECTIONS.len() {
        if base || dice.one_in(2) {
            text += &section(dice, at, base);
        }
    }
    if dice.one_in(5) {
        let at = dice.below(SECTIONS.len());
        text += &section(dice, at, false);
    }
    text
}

fn project(seed: u64) -> Case {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    dice.next();
    let mut files =
        vec![("base.cfg", file(&mut dice, &[], true)), ("other.cfg", file(&mut dice, &[], false))];
    let middle: &[&str] = if dice.one_in(2) { &["base.cfg"] } else { &["base.cfg", "other.cfg"] };
    files.push(("middle.cfg", file(&mut dice, middle, false)));
    let top: &[&str] = match dice.below(4) {
        0 => &["base.cfg"],
        1 => &["middle.cfg", "other.cfg"],
        _ => &["middle.cfg"],
    };
    files.push(("buildout.cfg", file(&mut dice, top, false)));
    if dice.one_in(4) {
        files.push(("home/.buildout/default.cfg", file(&mut dice, &[], false)));
    }
    let mut case = Case::new(&format!("seed {seed}"), &[]);
    case.files = files.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    case.user_defaults = dice.one_in(2);
    while dice.one_in(3) {
        let operator = dice.pick(&["=", "=", "+=", " +="]);
        let (section, option) = (dice.pick(SECTIONS), dice.pick(OPTIONS));
        case.assignments.push(format!(
            "{section}:{option}{operator}{}",
            dice.pick(&["1", "${d:x}", "", "one"])
        ));
    }
    case
}

#[test]
fn mixed_rules() {
    let cases: Vec<Case> = (0..400).map(project).collect();
    let resolved = compare(&cases);
    assert!(resolved > cases.len() / 2, "too few have an answer: {resolved}");
}

const LINES: &[&str] = &[
    "x = 1",
    "x =",
    "y += 2",
    "y -= 2",
    "y+=3",
    "xy-=1",
    "  more",
    "\tmore",
    "    deep",
    " ",
    "",
    "# c",
    "; c",
    "  # c",
    "[a]",
    "[b]",
    "[ c ]",
    "[a:linux]",
    "[b:windows]",
    "[a] junk",
    "[a b]",
    "[]",
    "junk",
    "x",
    "=> b",
    "=>",
    "= 1",
    "x = ${a:y}",
    "x y = 1",
    "z: 1",
    "[a",
    "a]",
    "[b:",
    "[b:]",
    "  [a]",
    "  x = 1",
    "x = a ; b",
    "é = ü",
    "x\u{a0}= 1",
    "\u{b}x = 1",
    "x = \u{1c}1",
    "<= b",
    "< = b",
    "[buildout]",
    "[c]#x",
    "[c];x",
    "[c]:x",
    "x=1",
    "{x} = 1",
    "x} = 1",
    "\u{3000}wide",
    "'",
    "\"'",
    "\\",
    "x = \\",
    "[\\]",
    "[a:linux] # ]",
    "[a:'#' == '\\x23']",
    "\u{c}",
    "x == 1",
    "=",
    "==",
    "+=",
    "-= 1",
    "+ = 1",
];

fn noise(seed: u64) -> Case {
    let mut dice = Dice(seed.wrapping_mul(0xd134_2543_de82_ef95) | 1);
    dice.next();
    let mut text = String::new();
    if !dice.one_in(8) {
        text += "[a]\n";
    }
    for _ in 0..2 + dice.below(12) {
        text += dice.pick(LINES);
        text += dice.pick(&["\n", "\n", "\n", "\n", "\r\n", "\r", " \n"]);
    }
    Case::new(&format!("noise {seed}"), &[("buildout.cfg", &text)])
}

#[test]
fn any_lines() {
    compare(&(0..800).map(noise).collect::<Vec<_>>());
}
