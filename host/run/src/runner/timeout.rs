//! Explains in a report why a run timed out.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use orbital_client::Stage;
use orbital_guest::{Activity, Recorder, Recording, write_frames};
use orbital_model::StepKind;
use orbital_model::describe::{deliveries, short};
use orbital_model::text::shown;
use orbital_webhook::waiter::{Disposition, Elsewhere, Meanwhile, Received};

/// Describes what a run was doing when it timed out, with the cause if it is known, and with details in the lines
/// below. `meanwhile` returns what the webhook received during the run, for the keys that the run waits for.
pub(super) fn timed_out(
    limit: Duration,
    ended: Duration,
    (recorder, recording): (&Recorder, &Recording),
    meanwhile: impl FnOnce(&[String]) -> Meanwhile,
) -> String {
    let mut text = format!("timed out after {} ", short(limit));
    // Writing to a string cannot fail.
    match &recording.activity {
        Activity::Computing { .. } => match last_call(recording, ended) {
            Some(call) => {
                let _ = write!(text, "right after {call}");
            }
            None => {
                text.push_str("while computing");
                let _ = write_frames(&mut text, &recorder.last_seen_in(recording));
            }
        },
        Activity::Sleeping { duration, .. } => {
            let _ = write!(text, "while sleeping for {}", short(*duration));
            if let Some(event) =
                sends(recording).last().map(|(_, event)| event).filter(|one| !one.is_accepted)
            {
                let _ = write!(text, ": the last request {}", event.answer);
            }
        }
        Activity::Sending { target, since, progress, .. } => {
            let waited = short(ended.saturating_sub(*since));
            let _ = match progress.stage() {
                Stage::Answer => {
                    write!(text, "waiting for an answer from `{target}`: none came within {waited}")
                }
                stage @ Stage::Addresses(_) => {
                    write!(text, "{stage} for a request to `{target}`: no DNS answer came within {waited}")
                }
                stage @ Stage::Connection(_) => {
                    write!(text, "{stage} for a request to `{target}`: no connection within {waited}")
                }
            };
        }
        Activity::Waiting { keys, n, since } => {
            let wait = Wait { keys, n: *n, since: *since, waited: ended.saturating_sub(*since) };
            let _ = write!(text, "waiting for {}", deliveries(*n, keys));
            wait.explain(&mut text, recording, &meanwhile(keys));
        }
    }
    text
}

/// Describes the last call of a test that has ended, if it took longer than what the test has done since then. If a
/// call ends in its own timeout, just before that of the case, the time was spent on this call.
fn last_call(recording: &Recording, ended: Duration) -> Option<String> {
    let timed = recording.steps.iter().filter_map(|step| Some((step.at, step.took?, &step.what)));
    let (at, took, what) = timed.max_by_key(|(at, took, _)| *at + *took)?;
    if took <= ended.saturating_sub(at + took) {
        return None;
    }
    let took = short(took);
    match what {
        StepKind::Send { target, status: Some(status), .. } => {
            Some(format!("a request to `{target}`, which took {took} and was answered with {status}"))
        }
        StepKind::Send { target, error, .. } => {
            let error = error.as_deref().unwrap_or("unknown");
            Some(format!("a request to `{target}`, which took {took} and was not answered: {error}"))
        }
        StepKind::Wait { keys, n, error, .. } => {
            let failed = error.as_ref().map(|error| format!(" and failed: {error}")).unwrap_or_default();
            Some(format!("waiting for {}, which took {took}{failed}", deliveries(*n, keys)))
        }
        StepKind::Sleep { .. } => Some(format!("sleeping for {took}")),
        _ => None,
    }
}

/// A wait that did not end in time.
struct Wait<'a> {
    keys: &'a [String],
    n: u32,
    /// The start of the wait, since the start of the attempt.
    since: Duration,
    waited: Duration,
}

impl Wait<'_> {
    /// Adds the cause to the first line, and lines with details.
    fn explain(&self, text: &mut String, recording: &Recording, meanwhile: &Meanwhile) {
        let events = self.events(recording);
        let came = self.came(recording);
        let (own, others) = (came.own, Others::of(meanwhile, came.own));
        let near = meanwhile.near.as_ref().map(|(key, expected, differs)| {
            let from = if self.keys.len() > 1 { format!(" from `{expected}`") } else { String::new() };
            format!("a delivery with key `{key}` came, which differs{from} {differs}")
        });
        let elsewhere = meanwhile.elsewhere.as_ref().map(|elsewhere| self.elsewhere(elsewhere));
        let receiving = meanwhile.receiving.as_ref().map(|(count, line)| match count {
            1 => format!("a request is still being received: `{}`", shown(line)),
            _ => format!("{count} requests are still being received, such as `{}`", shown(line)),
        });
        let some = (came.wanted > 0).then(|| format!("{} of the {} came", came.wanted, self.n));
        let late = || {
            let by = meanwhile.examples(Disposition::Late).find_map(|one| one.late.as_ref())?.by;
            Some(format!("a delivery came {} after its run had ended", short(by)))
        };
        let cause = refused(&events)
            .or_else(|| near.clone())
            .or_else(|| some.clone())
            .or_else(late)
            .or_else(|| elsewhere.clone())
            .or_else(|| receiving.clone())
            .or_else(|| others.only(own))
            .or_else(|| self.began_late());
        if let Some(cause) = cause {
            let _ = write!(text, ": {cause}");
        }
        let (since, waited) = (short(self.since), short(self.waited));
        let _ = write!(text, "\n  it waited since {since} after the start, for {waited}");
        let event = events.iter().rfind(|event| !event.is_accepted).or(events.last());
        let sent = event.map_or_else(
            || "this run sent no event with such a key".to_owned(),
            |event| {
                let (at, target) = (short(event.at), event.target);
                format!("the event was sent {at} after the start to `{target}`: it {}", event.answer)
            },
        );
        let other = (came.wanted == 0 && came.other > 0)
            .then(|| format!("this run has {} of its other keys, not waited for", came.other));
        let came = Some(others.say(own, meanwhile));
        for line in [some, other, Some(sent), near, elsewhere, came, receiving].into_iter().flatten() {
            let _ = write!(text, "\n  {line}");
        }
    }

    fn elsewhere(&self, Elsewhere { key, location, found }: &Elsewhere) -> String {
        let key =
            if self.keys.len() > 1 { format!("the key `{}`", shown(key)) } else { "this key".to_owned() };
        let why = match found {
            Some(found) => format!("and `webhook.keys` found `{}` instead", shown(found)),
            None => "where `webhook.keys` does not look".to_owned(),
        };
        format!("a request has {key} in {location}, {why}")
    }

    /// Returns the events that should have led to the deliveries: the last one for each key, or else the last one
    /// without a key.
    fn events<'a>(&self, recording: &'a Recording) -> Vec<Event<'a>> {
        let mut of_key = HashMap::new();
        let mut without = None;
        for (key, event) in sends(recording) {
            match key {
                Some(key) if self.keys.contains(key) => {
                    of_key.insert(key, event);
                }
                Some(_) => {}
                None => without = Some(event),
            }
        }
        if of_key.is_empty() {
            return without.into_iter().collect();
        }
        let mut events: Vec<Event<'_>> = of_key.into_values().collect();
        events.sort_by_key(|event| event.at);
        events
    }

    /// Counts the deliveries that arrived for this run.
    fn came(&self, recording: &Recording) -> Came {
        let mut came = Came::default();
        for step in &recording.steps {
            if let StepKind::Delivery { key, taken, .. } = &step.what {
                came.own += 1;
                match (taken, self.keys.contains(key)) {
                    (true, _) => {}
                    (false, true) => came.wanted += 1,
                    (false, false) => came.other += 1,
                }
            }
        }
        came
    }

    fn began_late(&self) -> Option<String> {
        let began_late = self.since > self.waited;
        began_late.then(|| format!("the wait began only {} after the start", short(self.since)))
    }
}

/// The numbers of deliveries that arrived for a run: all of them, those that it waits for and has not taken, and those
/// with other keys that it has not taken.
#[derive(Default)]
struct Came {
    own: u64,
    wanted: u64,
    other: u64,
}

/// A request that a run sent.
struct Event<'a> {
    at: Duration,
    target: &'a str,
    /// A description of the answer, such as "was answered with 202".
    answer: String,
    is_accepted: bool,
}

fn sends(recording: &Recording) -> impl Iterator<Item = (Option<&String>, Event<'_>)> {
    recording.steps.iter().filter_map(|step| match &step.what {
        StepKind::Send { target, key, status, error, .. } if step.took.is_some() => {
            let answer = match (status, error) {
                (Some(status), _) => format!("was answered with {status}"),
                (None, error) => format!("was not answered: {}", error.as_deref().unwrap_or("unknown")),
            };
            let is_accepted = status.is_some_and(|status| (200..300).contains(&status));
            Some((key.as_ref(), Event { at: step.at, target, answer, is_accepted }))
        }
        _ => None,
    })
}

/// Returns a message that events were not sent or not accepted, if that is the case.
fn refused(events: &[Event<'_>]) -> Option<String> {
    let mut refused = events.iter().filter(|event| !event.is_accepted);
    let (count, last) = (refused.clone().count(), refused.next_back());
    match (events.len(), last) {
        (0, _) => Some("this run sent no event with such a key".to_owned()),
        (1, Some(event)) => Some(format!("the event {}", event.answer)),
        (all, Some(event)) => {
            Some(format!("{count} of {all} events were not accepted; the last of these {}", event.answer))
        }
        (_, None) => None,
    }
}

/// The numbers of requests that the webhook received in addition to the run's own deliveries, by disposition.
struct Others([(Disposition, u64, &'static str); 6]);

impl Others {
    fn of(meanwhile: &Meanwhile, own: u64) -> Self {
        let count = |disposition| meanwhile.count.of(disposition);
        Self([
            (Disposition::Matched, count(Disposition::Matched).saturating_sub(own), "for other runs"),
            (Disposition::Held, count(Disposition::Held), "with keys that no run expects"),
            (Disposition::Late, count(Disposition::Late), "for runs that had ended"),
            (Disposition::NoKey, count(Disposition::NoKey), "without a key where the configuration looks"),
            (Disposition::Overflow, count(Disposition::Overflow), "for which there was no room"),
            (Disposition::Rejected, count(Disposition::Rejected), "that were rejected"),
        ])
    }

    fn there(&self) -> impl Iterator<Item = &(Disposition, u64, &'static str)> {
        self.0.iter().filter(|(_, count, _)| *count > 0)
    }

    /// Returns what all requests have in common, if this explains why the run got none of them.
    fn only(&self, own: u64) -> Option<String> {
        let mut there = self.there();
        match (there.next(), there.next()) {
            (None, _) if own == 0 => Some("the webhook received no requests in that time".to_owned()),
            (Some((Disposition::NoKey | Disposition::Rejected, count, words)), None) if own == 0 => {
                Some(format!("the webhook received only {count} {words}"))
            }
            _ => None,
        }
    }

    /// Describes all of them, each disposition with its own examples.
    fn say(&self, own: u64, meanwhile: &Meanwhile) -> String {
        let part = |(disposition, count, words): &(Disposition, u64, &str)| {
            let mut examples: Vec<String> = match disposition {
                Disposition::Matched => Vec::new(),
                _ => meanwhile.examples(*disposition).map(example).collect(),
            };
            // Other requests may arrive in between, but a repeated request is not another example.
            examples.dedup();
            match examples.is_empty() {
                true => format!("{count} {words}"),
                false => format!("{count} {words} (such as {})", examples.join(", ")),
            }
        };
        let parts: Vec<String> = self.there().map(part).collect();
        match (parts.is_empty(), own) {
            (true, 0) if meanwhile.receiving.is_some() => {
                "the webhook received no complete requests in that time".to_owned()
            }
            (true, 0) => "the webhook received no requests in that time".to_owned(),
            (true, _) => "the webhook received nothing else in that time".to_owned(),
            (false, _) => format!("in that time the webhook received: {}", parts.join(", ")),
        }
    }
}

/// Describes a request briefly: by its key, or by its path and the reason why it has no key.
fn example(request: &Received) -> String {
    if let Some(key) = &request.key {
        return format!("`{}`", shown(key));
    }
    let line = format!("`{} {}`", request.text.method(), shown(request.text.path()));
    match (&request.refused, request.skipped.first()) {
        (Some(reason), _) => format!("{line}: {}", shown(reason)),
        (None, Some(skipped)) => format!("{line}, {}: {}", skipped.location, skipped.reason),
        (None, None) => line,
    }
}

#[cfg(test)]
mod tests {
    use orbital_model::Step;

    use super::*;

    fn send(at_ms: u64, took_ms: u64) -> Step {
        let what = StepKind::Send {
            target: "api".to_owned(),
            method: "POST".to_owned(),
            path: String::new(),
            key: None,
            body: String::new(),
            status: None,
            phases: None,
            answer: None,
            error: Some("no connection within `connect_timeout`".to_owned()),
        };
        Step { at: Duration::from_millis(at_ms), took: Some(Duration::from_millis(took_ms)), what }
    }

    #[test]
    fn a_call_that_took_the_time_is_named_although_the_test_computes_again() {
        let mut recording = Recording::default();
        recording.steps = vec![send(1, 3), send(5, 994)];
        let end = Duration::from_millis(1000);
        assert_eq!(
            last_call(&recording, end).unwrap(),
            "a request to `api`, which took 994.0ms and was not answered: no connection within `connect_timeout`"
        );
        assert_eq!(last_call(&recording, 3 * end), None, "the test computed for longer");
        recording.steps.truncate(1);
        assert_eq!(last_call(&recording, end), None);
        assert_eq!(last_call(&Recording::default(), end), None);
    }
}
