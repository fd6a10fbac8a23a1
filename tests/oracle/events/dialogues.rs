//! Thousands of dialogues with a listener, valid and invalid, cut anywhere: after every read our side
//! of the protocol must be in the same state as the original's.

use serde_json::{Value, json};
use supkit::core::listener::{Listener, ProtocolStep};

use crate::support::oracle;

/// What listeners may write. No length of zero or below, for which the original waits or recurses
/// without end.
const WORDS: &[&str] = &[
    "READY\n",
    "READY\n",
    "READY\n",
    "RESULT 2\nOK",
    "RESULT 2\nOK",
    "RESULT 2\nOKREADY\n",
    "RESULT 4\nFAIL",
    "RESULT 4\nFAILREADY\n",
    "RESULT 2\nNO",
    "RESULT ",
    "2",
    "\n",
    "OK",
    "RESULT  2 \nOK",
    "RESULT +2\nOK",
    "RESULT 1_0\n0123456789",
    "RESULT _2\nOK",
    "RESULT x\n",
    "RESULT \u{b2}\nOK",
    "result 2\nOK",
    "READ",
    "Y\n",
    "x",
    "\u{ff}",
    " ",
    "RESULT 2\r\nOK",
    "RESULT\t2\nOK",
    "RESULT 0x2\nOK",
    "RESULT 2.0\nOK",
    "\nREADY\n",
];

/// Random numbers with a fixed seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % sides
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.roll(WORDS.len())]
    }
}

/// Rounds of the protocol, most of them well-formed, cut into reads.
fn dialogue(dice: &mut Dice) -> Vec<Option<String>> {
    let mut steps = Vec::new();
    for _ in 0..=dice.roll(4) {
        let is_good = dice.roll(8) > 0;
        write(if is_good { "READY\n" } else { dice.word() }, dice, &mut steps);
        if dice.roll(10) > 0 {
            steps.push(None);
        }
        write(if is_good { "RESULT 2\nOK" } else { dice.word() }, dice, &mut steps);
    }
    steps
}

fn write(text: &str, dice: &mut Dice, steps: &mut Vec<Option<String>>) {
    let bytes: Vec<char> = text.chars().collect();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (read, later) = rest.split_at(1 + dice.roll(rest.len()));
        steps.push(Some(read.iter().collect()));
        rest = later;
    }
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|c| c as u8).collect()
}

fn ours(steps: &[Option<String>]) -> Value {
    let mut listener = Listener::default();
    let mut results = Vec::new();
    let mut states = Vec::new();
    for step in steps {
        match step {
            Some(bytes) => listener.feed(&latin_1(bytes)),
            None if listener.state().name() == "READY" => listener.on_event_sent(),
            None => {}
        }
        while let Some(step) = listener.advance() {
            match step {
                ProtocolStep::StateChanged { .. } => {}
                ProtocolStep::BadResult(_) => drop(listener.on_verdict(false)),
                ProtocolStep::Result(result) => {
                    results.push(result.iter().map(|byte| char::from(*byte)).collect::<String>());
                    let _ = listener.on_verdict(true);
                }
            }
        }
        states.push(json!([listener.state().name(), results]));
    }
    Value::Array(states)
}

#[test]
fn every_dialogue_goes_as_with_the_original() {
    let mut dice = Dice(5);
    let dialogues: Vec<_> = (0..4000).map(|_| dialogue(&mut dice)).collect();
    let script = include_str!("dialogues.py");
    let answer = oracle::python(script, &json!(dialogues).to_string());
    let originals: Vec<Value> = serde_json::from_str(&answer).expect("JSON");
    for (steps, original) in dialogues.iter().zip(&originals) {
        assert_eq!(&ours(steps), original, "{steps:?}");
    }
    let unknown = originals.iter().filter(|it| it.to_string().contains("UNKNOWN")).count();
    assert!((500..3500).contains(&unknown), "{unknown} of 4000 end badly");
}
