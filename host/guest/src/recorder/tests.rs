use orbital_policy::limits::Limits;

use super::*;
use crate::EpochWaker;
use crate::placement::Placement;
use crate::quota::ComponentQuotas;

fn step(what: StepKind) -> Step {
    Step { at: Duration::ZERO, took: None, what }
}

#[test]
fn a_timeline_is_bounded_in_steps_and_in_bytes() {
    let mut recording = Recording::default();
    for _ in 0..MAX_STEPS + 10 {
        recording.push(step(StepKind::Sleep { duration_ms: 1 }));
    }
    assert_eq!((recording.steps.len(), recording.omitted), (MAX_STEPS, 10));

    let mut recording = Recording::default();
    let wait = || StepKind::Wait { keys: vec!["x".repeat(256); 1024], n: 1, timeout_ms: None, error: None };
    for _ in 0..10 {
        recording.push(step(wait()));
    }
    assert_eq!((recording.steps.len(), recording.omitted), (MAX_BYTES >> 18, 10 - (MAX_BYTES >> 18)));
    // The log has a budget of its own, and a small step may still fit.
    let message = "x".repeat(MAX_BYTES);
    recording.push(step(StepKind::Log {
        level: LogLevel::Info,
        source: LogSource::Log,
        message,
        fields: Vec::new(),
    }));
    assert_eq!(recording.steps.len(), (MAX_BYTES >> 18) + 1);
}

/// Returns a recorder for a run that may write this number of lines.
fn with_lines(most: u64) -> Recorder {
    let mut limits = Limits::default();
    limits.set(Budget::LogLines, most);
    let quota = ComponentQuotas::new(1, EpochWaker::default()).unwrap().of("a");
    Recorder::new(RunClock::start(), Meter::new(limits, quota, Placement::apart()))
}

fn messages(recorder: &Recorder) -> Vec<String> {
    let steps = recorder.finish().steps.into_iter();
    steps
        .filter_map(|step| if let StepKind::Log { message, .. } = step.what { Some(message) } else { None })
        .collect()
}

#[test]
fn a_line_of_output_counts_once_even_without_a_line_break_at_its_end() {
    let write = |recorder: &Recorder, text: &str| recorder.write(LogSource::Stdout, text.as_bytes());
    let recorder = with_lines(2);
    for text in ["one\nt", "w", "o"] {
        write(&recorder, text).unwrap();
    }
    assert_eq!(write(&recorder, "\nthree").unwrap_err().budget, Budget::LogLines);
    assert_eq!(messages(&recorder), ["one", "two"]);

    // Each stream has its own unfinished line.
    let recorder = with_lines(1);
    write(&recorder, "unfinished").unwrap();
    let error = recorder.write(LogSource::Stderr, b"unfinished").unwrap_err();
    assert_eq!((error.budget, error.limit), (Budget::LogLines, 1));
    assert_eq!(messages(&recorder), ["unfinished"]);
}
