use super::*;

#[track_caller]
fn assert_german(english: &str, german: &str) {
    assert_eq!(Language::German.translate(english), german, "{english}");
    assert_eq!(Language::English.translate(english), english);
}

#[test]
fn descriptions() {
    for (english, german) in [
        ("pid 5, uptime 0:00:05", "PID 5, läuft seit 0:00:05"),
        ("pid 5, uptime 1 day, 0:00:05", "PID 5, läuft seit 1 Tag, 0:00:05"),
        (
            "pid 5, uptime 12 days, 0:00:05, drained",
            "PID 5, läuft seit 12 Tage, 0:00:05, entlastet",
        ),
        (
            "pid 5, uptime 0:00:05, not ready: ready_tcp 127.0.0.1:8100, refused for 12 s",
            "PID 5, läuft seit 0:00:05, nicht bereit: ready_tcp 127.0.0.1:8100, abgewiesen, seit 12 s",
        ),
        ("Nov 03 12:05 AM", "03.11. 00:05"),
        (
            "May 23 05:31 PM, next run Dec 01 12:00 PM, disabled",
            "23.05. 17:31, nächster Lauf 01.12. 12:00, abgeschaltet",
        ),
        ("Not started, disabled", "Nicht gestartet, abgeschaltet"),
        ("next run Feb 28 03:00 AM", "nächster Lauf 28.02. 03:00"),
        (
            "Exited too quickly (process log may have details)",
            "Zu schnell beendet (Näheres vielleicht im Log)",
        ),
        ("can't find command '/opt/my app/run'", "Befehl '/opt/my app/run' nicht gefunden"),
        ("unknown error (try \"tail web\")", "unbekannter Fehler (siehe \"tail web\")"),
    ] {
        assert_german(english, german);
    }
}

#[test]
fn what_a_process_waits_for() {
    for (english, german) in [
        ("waits for zeoserver: STARTING", "wartet auf zeoserver: startet"),
        (
            "waits for a: FATAL, Exited too quickly; b: STOPPED, it waits itself",
            "wartet auf a: gescheitert, Zu schnell beendet; b: gestoppt, es wartet selbst",
        ),
        (
            "it waits for any of a (STARTING), b (FATAL, Exited too quickly), c",
            "es wartet auf eines von a (startet), b (gescheitert, Zu schnell beendet), c",
        ),
        (
            "waits for zeo: ready_unix /run/zeo, no such socket for 3 s; x: not active",
            "wartet auf zeo: ready_unix /run/zeo, kein solcher Socket, seit 3 s; x: nicht aktiv",
        ),
        (
            "waits for db: EXITED, exit status 3; c: RUNNING, not completed, disabled",
            "wartet auf db: beendet, Exit-Status 3; c: läuft, noch nicht fertig, abgeschaltet",
        ),
        (
            "waits for w: live_notify, no WATCHDOG=1 within 0.5 s",
            "wartet auf w: live_notify, kein WATCHDOG=1 innerhalb von 0,5 s",
        ),
    ] {
        assert_german(english, german);
    }
}

#[test]
fn jobs_and_their_failures() {
    for (english, german) in [
        (
            "stopped by job 3 (rolling restart of web:*, requested through SIGTERM)",
            "gestoppt durch Auftrag 3 (Neustart nacheinander: web:*, angefordert über SIGTERM)",
        ),
        ("web did not stay up", "web blieb nicht in Betrieb"),
        ("web: Exited too quickly (exit status 3)", "web: Zu schnell beendet (Exit-Status 3)"),
        ("web waits for zeo: FATAL", "web wartet auf zeo: gescheitert"),
        (
            "a did not become ready within 2.5 s: ready_http http://x/, status 503 for 2 s",
            "a wurde nicht innerhalb von 2,5 s bereit: ready_http http://x/, Status 503, seit 2 s",
        ),
        ("a was removed; not restarted: b, c", "a wurde entfernt; nicht neu gestartet: b, c"),
        ("not removed: a is RUNNING, b is STOPPING", "nicht entfernt: a läuft, b stoppt"),
        (
            "not permitted: user vera has the role viewer, but start requires the role operator",
            "nicht erlaubt: Konto vera hat die Rolle viewer, aber start verlangt die Rolle operator",
        ),
        (
            "web:a is being changed by job 3 (start of all, requested through ctl)",
            "web:a wird gerade verändert durch Auftrag 3 (Start: all, angefordert über ctl)",
        ),
        (
            "web is disabled; `supervisorctl enable web` allows it to start",
            "web ist abgeschaltet; `supervisorctl enable web` lässt den Start wieder zu",
        ),
    ] {
        assert_german(english, german);
    }
}

#[test]
fn unknown_texts_stay_as_they_are() {
    let long = format!("{} after 3 s, stopped", "x".repeat(MAX_LENGTH));
    for text in ["", " ", "something else", "RUNNING!", "pid x, uptime 0:00:05", &long] {
        assert_german(text, text);
    }
    for part in ["x, disabled", "x: y (", "ready_tcp x, a for ", "RUNNING, ", "a; "] {
        // That it ends at all is tested.
        let nested = part.repeat(MAX_LENGTH / part.len());
        assert!(Language::German.translate(&nested).len() > nested.len() / 2);
    }
}

/// Each answer, each end and each cause in the stories of `rpc::why`.
#[test]
fn every_reason_in_the_stories_is_translated() {
    let stories = [
        include_str!(
            "../rpc/why/snapshots/supkit__rpc__why__text_tests__every_state_is_explained.snap"
        ),
        include_str!(
            "../rpc/why/snapshots/supkit__rpc__why__text_tests__failed_starts_are_explained.snap"
        ),
    ];
    let mut count = 0;
    for line in stories.into_iter().flat_map(str::lines) {
        let answer = line.split_once(" is ").and_then(|(_, rest)| rest.split_once(": "));
        let earlier = line.strip_prefix("  2026-").and_then(|it| it.split_once("  "));
        let is_cause =
            ["  SIG", "  supervisord ", "  the kernel "].iter().any(|it| line.starts_with(it));
        let text = match (answer, earlier) {
            (_, Some((_, how))) => how,
            (Some((state, why)), _) if !line.starts_with(' ') && state == state.to_uppercase() => {
                why
            }
            _ if is_cause => line.trim(),
            _ => continue,
        };
        assert_ne!(Language::German.translate(text), text);
        count += 1;
    }
    assert!(count > 20, "{count}");
}

/// Every text in its own form, so that none is hidden by a more general one that leaves parts English.
#[test]
fn every_pattern_recognises_its_own_text() {
    let sample = |name: &str| match Kind::of(name) {
        Kind::Number => "7",
        Kind::Span => "1 min 2 s",
        Kind::Uptime => "0:00:05",
        Kind::Date => "Nov 23 05:31 PM",
        Kind::State => "RUNNING",
        Kind::Job => "start",
        Kind::Text | Kind::Known | Kind::Reasons | Kind::Items => "exit status 3",
        Kind::Probe => "ready_tcp 8100",
        Kind::Word | Kind::Name => "XYZ",
    };
    let german = |kind: Kind, name: &str| {
        kind.reword(Language::German, sample(name), &Cell::new(9))
            .expect("the sample is of its kind")
    };
    for pattern in PATTERNS.iter() {
        let mut english = String::new();
        let mut values = Vec::new();
        for piece in &pattern.pieces {
            match piece {
                Piece::Literal(text) => english += text,
                Piece::Slot(name, kind) => {
                    english += sample(name);
                    values.push((*name, german(*kind, name)));
                }
            }
        }
        let values: Vec<Value<'_>> = values.iter().map(|(name, it)| (*name, it as _)).collect();
        assert_german(&english, &Language::German.fill(pattern.key, &values));
    }
}
