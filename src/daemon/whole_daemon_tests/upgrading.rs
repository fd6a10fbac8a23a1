//! The moment in which a daemon continues another one.

use super::{Client, Daemon, Home, Simulated, Value, WEB, call, hand_over, state, turn_until};
use crate::core::effect::Input;
use crate::core::jobs::JobId;
use crate::daemon::event_loop::ExitReason;
use crate::daemon::upgrade::head::Head;

/// With nothing else to do the daemon would sleep for a minute first.
#[test]
fn a_client_that_waits_for_the_upgrade_is_answered_before_any_time_passes() {
    let home = Home::new(&format!("{WEB}autostart=false\n"));
    let mut kernel = Simulated::new(&[]);
    let mut daemon = home.assemble(&mut kernel);
    assert_eq!(state(&daemon, "web"), "STOPPED");
    call(&mut daemon, "supkit.upgrade", &[Value::str("/bin/true")]);
    let job = JobId(1);
    let mut client = Client::connect(&mut daemon);
    client.send("supkit.awaitJob", &[Value::Int(1)]);
    let now = daemon.shell.kernel.now();
    daemon.core.take(Input::UpgradeChecked { job, result: Ok(()) }, now);
    daemon.shell.checking = None;
    turn_until(&mut daemon, |daemon| daemon.exit_reason == Some(ExitReason::Upgrade { job }));
    assert_eq!(client.received(), "");
    let before = daemon.shell.kernel.now().mono;
    let head = Head::new(Some(job), &home.reader);
    let (saved, descriptors) = hand_over(daemon);
    let saved = serde_json::from_slice(&saved).expect("it can be read");
    let handed = (head, saved, descriptors);
    let daemon = Daemon::continue_from(handed, Ok(()), &mut kernel, &home.reader);
    let daemon = daemon.expect("it continues");
    let reply = client.received();
    assert!(reply.contains("</methodResponse>"), "{reply:?}");
    assert_eq!(daemon.shell.kernel.now().mono, before);
}
