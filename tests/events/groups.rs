//! Groups that come and go while the daemon runs.

use crate::recording::{Delivery, heard, heard_many, listener, program, same, shown};
use crate::stage::text;

#[test]
fn groups_are_told_as_they_are_added_and_removed() {
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
    same(&first, |stage| {
        heard_many(stage, "all.rec", 4);
        for method in ["removeProcessGroup", "addProcessGroup"] {
            stage.call(method, &[text("b")]);
        }
        stage.rewrite(&second);
        stage.call("reloadConfig", &[]);
        for (method, name) in
            [("removeProcessGroup", "b"), ("removeProcessGroup", "a"), ("addProcessGroup", "a")]
        {
            stage.call(method, &[text(name)]);
        }
        heard(stage, "late.rec", |it| it.field("poolserial") == "2");
        for (method, name) in [
            ("stopProcess", "late"),
            ("removeProcessGroup", "late"),
            ("addProcessGroup", "late"),
            ("addProcessGroup", "team"),
        ] {
            stage.call(method, &[text(name)]);
        }
        let is_last = |it: &Delivery| it.payload == "groupname:team\n";
        let all = heard(stage, "all.rec", is_last);
        let late = heard(stage, "late.rec", is_last);
        [shown(&all), shown(&late)].concat()
    });
}
