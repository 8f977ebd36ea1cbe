use std::time::Duration;

use super::*;
use crate::parse;

fn reasons(text: &str, read: impl FnOnce(&Section<'_>)) -> Vec<String> {
    parse(text, read).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn every_mistake_is_reported_at_once_with_line_and_remedy() {
    let text = "[webhook]\nlistn = 1\nmax_body = \"big\"\n\n[nonsense]\nx = 1\n";
    let found = reasons(text, |root| {
        root.section("webhook", |section| {
            section.string("listen");
            section.bytes("max_body", 1..=1024, 1);
        });
    });
    assert_eq!(
        found,
        [
            "line 2: `webhook.listn`: unknown setting; did you mean `listen`?",
            "line 3: `webhook.max_body`: `big` is not a size such as `64KiB` or `1MiB`",
            "line 5: `nonsense`: unknown setting; known here: `webhook`",
        ]
    );
}

#[test]
fn a_mistake_of_syntax_has_its_line() {
    let found = reasons("[webhook\nlisten = \"x\"\n", |root| {
        root.section("webhook", |section| section.string("listen"));
    });
    assert!(found[0].starts_with("line 1: "), "{found:?}");
}

#[test]
fn durations_have_bounds() {
    let found = reasons("a = \"0s\"\nb = \"9 weeks\"\nc = \"soon\"\nd = 3\n", |root| {
        for name in ["a", "b", "c", "d"] {
            root.duration(name, Duration::from_secs(1));
        }
    });
    assert_eq!(found.len(), 4);
    assert_eq!(found[0], "line 1: `a`: must be above zero");
    assert_eq!(found[3], "line 4: `d`: must be a string, not a number");
}

#[test]
fn a_reference_that_is_not_resolved_is_a_mistake_in_every_kind_of_setting() {
    let text = "string = \"a ${ENV}\"\nduration = \"${ENV}\"\ninteger = \"${ENV}\"\nlist = [\"${ENV}\"]\n\
                [table]\nx = \"${ENV}\"\n[tests]\nx = \"${ENV}\"\ny = \"hello ${name}\"\nz = \"${secret.a}\"\n";
    let found = reasons(text, |root| {
        root.string("string");
        root.optional_duration("duration");
        root.optional_integer("integer", 1..=2);
        root.texts("list", |text| Ok(text.to_owned()));
        root.strings("table", pair);
        root.texts_for_tests("tests");
    });
    let names: Vec<_> = found.iter().map(|one| one.split('`').nth(1).unwrap()).collect();
    assert_eq!(names, ["string", "duration", "integer", "list[0]", "table.x", "tests.x"]);
    for reason in &found {
        assert!(reason.contains("`${ENV}` is not known") && reason.contains("`env = \"ENV\"`"), "{reason}");
        assert!(reason.contains("`${secret.NAME}`"), "{reason}");
    }
}

#[test]
fn a_secret_where_none_is_put_in_is_a_mistake() {
    let found = reasons("path = \"/srv/${secret.a}\"\n", |root| drop(root.string("path")));
    assert_eq!(found, ["line 1: `path`: secrets are not supported here; write the value itself"]);
}

#[test]
fn what_is_not_in_the_file_has_its_default() {
    let limit = parse("", |root| root.section("webhook", |section| section.bytes("max_body", 1..=1024, 7)));
    assert_eq!(limit.unwrap().0, 7);
}
