//! Recognises a supervisord by its command line: Supervisor's or supkit's.

/// The words before the arguments: an interpreter with options, or the name of the applet.
const MAX_WORDS_BEFORE: usize = 4;

/// The arguments of a supervisord, if the command line is one.
pub fn daemon_arguments(command_line: &[String]) -> Option<&[String]> {
    let at = command_line.iter().take(MAX_WORDS_BEFORE).position(|word| is_supervisord(word))?;
    Some(&command_line[at + 1..])
}

fn is_supervisord(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    ["supervisord", "supervisord.py", "supervisor.supervisord"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Option<Vec<String>> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        daemon_arguments(&words).map(<[String]>::to_vec)
    }

    #[test]
    fn daemons_are_recognised_however_they_were_started() {
        for line in [
            "supervisord -c d.conf",
            "/opt/supkit supervisord -c d.conf",
            "/usr/bin/python3 /usr/bin/supervisord -c d.conf",
            "python3 -I -m supervisor.supervisord -c d.conf",
        ] {
            assert_eq!(arguments(line).unwrap(), ["-c", "d.conf"], "{line}");
        }
        for line in ["/sbin/init", "vi /etc/supervisord.conf", "supkit stop", "supervisorctl"] {
            assert_eq!(arguments(line), None, "{line}");
        }
    }
}
