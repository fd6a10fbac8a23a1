//! Random configurations; the seeds are fixed.

use supkit::conf::sections::{Named, Row, SECTIONS, Section};

use crate::config::ask::Case;

/// A small generator of numbers (xorshift); its seed is the number of the case.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

const VALUES: &[&str] = &[
    "1",
    "2",
    "5",
    "10",
    "999",
    "-1",
    "true",
    "false",
    "unexpected",
    "5MB",
    "022",
    "TERM",
    "/tmp",
    "/tmp/%(program_name)s",
    "/tmp/x_%(process_num)02d.log",
    "%(program_name)s_%(process_num)d",
    "AUTO",
    "NONE",
    "/bin/cat -n ; comment",
    "/bin/sh -c \"sleep 1; exit 0\"",
    "A=\"1\",B=\"%(here)s\"",
    "root",
    "EVENT",
    "TICK_5,PROCESS_STATE",
    "0,2",
    "a,b",
    "a",
    "unix:///tmp/x.sock",
    "tcp://localhost:9000",
    "%(ENV_HOME)s/x",
    "%(here)s/bin/x",
    "text\n  more text\n\n  and more",
    "a:b",
    "x = y",
    "100%%",
    "%(group_name)s",
    "%(numprocs)d",
    "nobody",
    "no",
    "on",
    "0",
    "",
    "x",
];

const NAMES: &[&str] = &["a", "b", "c", " d", "web", "worker"];

const JUNK: &[&str] = &[
    "; comment\n",
    "\n",
    "  indented\n",
    "# also\n",
    "key\n",
    "\t; x\n",
    "[DEFAULT]\nstartsecs = 2\n",
];

pub fn random() -> Vec<Case> {
    (1..=600).map(|seed| case(&mut Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed)))).collect()
}

fn case(dice: &mut Dice) -> Case {
    // Supervisor ignores the others.
    let has_options = |section: &&&Section| section.options().any(Row::is_supervisors);
    let sections: Vec<&Section> = SECTIONS.iter().filter(has_options).copied().collect();
    let mut text = String::from("[supervisord]\n");
    for _ in 0..dice.roll(6) {
        let section = sections[dice.roll(sections.len())];
        let header = match section.named {
            Named::Own => format!("{}:{}", section.word, dice.pick(NAMES)),
            _ => section.word.to_owned(),
        };
        text.push_str(&format!("[{header}]\n"));
        if dice.roll(4) > 0 {
            text.push_str("command = /bin/cat\nfile=/tmp/s\nport=9001\nevents=TICK_5\n");
            text.push_str("socket=unix:///tmp/f\nsupervisor.rpcinterface_factory = ");
            text.push_str("supervisor.rpcinterface:make_main_rpcinterface\n");
        }
        let rows: Vec<_> = section.options().filter(|row| row.is_supervisors()).collect();
        for _ in 0..dice.roll(5) {
            let row = rows[dice.roll(rows.len())];
            let value = match row.sample {
                supkit::conf::sections::Sample::Commented(text)
                | supkit::conf::sections::Sample::Active(text)
                    if dice.roll(3) > 0 =>
                {
                    text
                }
                _ => dice.pick(VALUES),
            };
            text.push_str(&format!("{} = {value}\n", row.name));
            if dice.roll(12) == 0 {
                text.push_str(dice.pick(JUNK));
            }
        }
    }
    Case::new(text)
}

/// Pieces that are special for the parser, `%`, `shlex` or `int`.
const PIECES: &[&str] = &[
    "a",
    "B",
    "1",
    "07",
    "_",
    "-",
    "+",
    ".",
    " ",
    "  ",
    "\t",
    "\n",
    "\n  ",
    "\n\n",
    ";",
    " ;",
    "#",
    " #",
    "=",
    ":",
    "[",
    "]",
    "\"",
    "'",
    ",",
    "\\",
    "%",
    "%%",
    "%(here)s",
    "%(ENV_HOME)s",
    "%(process_num)",
    "d",
    "s",
    "02d",
    "*",
    "~",
    "/",
    "/tmp",
    "\u{a0}",
    "\u{e9}",
    "\u{2028}",
    "\u{1c}",
    "\r",
    "\u{c}",
    "\0",
    "0o",
    "kb",
    "MB",
    "SIG",
    "TERM",
    "true",
    "@",
    "{",
    "(",
    ")",
    "@x",
    "unix://",
    "tcp://",
    "h",
    "A=",
    "x=1",
];

/// Single values, and whole texts, out of such pieces.
pub fn fuzzed_texts() -> Vec<Case> {
    (1..=900)
        .map(|seed| spoonful(&mut Dice(0x2545_f491_4f6c_dd1d_u64.wrapping_mul(seed))))
        .collect()
}

fn spoonful(dice: &mut Dice) -> Case {
    let length = 1 + dice.roll(9);
    let value: String = (0..length).map(|_| dice.pick(PIECES)).collect();
    match dice.roll(4) {
        0 => Case::new(format!("[supervisord]\n{value}")),
        1 => Case::new(format!("[supervisord]\n[program:x]\ncommand=a\n{value}\npriority=3\n")),
        _ => {
            let rows: Vec<_> = supkit::conf::sections::program::SECTION
                .options()
                .filter(|row| row.is_supervisors())
                .collect();
            let option = match dice.roll(3) {
                0 => "environment",
                1 => "command",
                _ => rows[dice.roll(rows.len())].name,
            };
            Case::new(format!("[supervisord]\n[program:x]\ncommand=a\n{option}={value}\n"))
        }
    }
}
