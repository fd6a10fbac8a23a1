//! Groups that are added and removed while the daemon runs.

use super::daemon_fixture::text;
use super::recording::{Delivery, await_count, await_event, listener, program, same, shown};

#[test]
fn adding_and_removing_a_group_is_an_event() {
    let first = [
        listener("all", "PROCESS_GROUP", ""),
        listener("late", "PROCESS_GROUP_ADDED", "\npriority=1000"),
        program("a", "sleep 3600", ""),
        program("b", "sleep 3600", ""),
    ]
    .concat();
    let second = [
        listener("all", "PROCESS_GROUP", ""),
        listener("late", "PROCESS_GROUP_ADDED", "\npriority=1000\nbuffer_size=20"),
        program("a", "sleep 3601", ""),
        program("c", "sleep 3600", ""),
        "[group:team]\nprograms=c\n".to_owned(),
    ]
    .concat();
    same(&first, |fixture| {
        await_count(fixture, "all.rec", 4);
        for method in ["removeProcessGroup", "addProcessGroup"] {
            fixture.call(method, &[text("b")]);
        }
        fixture.rewrite(&second);
        fixture.call("reloadConfig", &[]);
        for (method, name) in
            [("removeProcessGroup", "b"), ("removeProcessGroup", "a"), ("addProcessGroup", "a")]
        {
            fixture.call(method, &[text(name)]);
        }
        await_event(fixture, "late.rec", |it| it.field("poolserial") == "2");
        for (method, name) in [
            ("stopProcess", "late"),
            ("removeProcessGroup", "late"),
            ("addProcessGroup", "late"),
            ("addProcessGroup", "team"),
        ] {
            fixture.call(method, &[text(name)]);
        }
        let is_last = |it: &Delivery| it.payload == "groupname:team\n";
        let all = await_event(fixture, "all.rec", is_last);
        let late = await_event(fixture, "late.rec", is_last);
        [shown(&all), shown(&late)].concat()
    });
}
