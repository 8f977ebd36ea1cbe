//! The memory that a report takes. Parts of the host that keep reports limit it.

use std::mem::{size_of, size_of_val};

use crate::{Attempt, Report, Sample, Step, StepKind};

impl Report {
    /// Returns about how many bytes of memory the report takes.
    pub fn weight(&self) -> usize {
        let Self { case, digest, language, attempts, .. } = self;
        let names = case.len() + digest.len() + language.len();
        size_of::<Self>() + names + attempts.iter().map(Attempt::weight).sum::<usize>()
    }
}

impl Attempt {
    fn weight(&self) -> usize {
        let Self { messages, timeline, usage, samples, .. } = self;
        size_of::<Self>()
            + texts(messages)
            + timeline.iter().map(Step::weight).sum::<usize>()
            + size_of_val(usage.peak.as_slice())
            + samples.iter().map(Sample::size).sum::<usize>()
    }
}

impl Step {
    fn weight(&self) -> usize {
        size_of::<Self>() + self.what.texts()
    }
}

impl StepKind {
    /// Returns how many bytes the texts of a step take.
    fn texts(&self) -> usize {
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        match self {
            Self::Log { message, fields, .. } => {
                let field =
                    |(name, value): &(String, String)| 2 * size_of::<String>() + name.len() + value.len();
                message.len() + fields.iter().map(field).sum::<usize>()
            }
            Self::Fail { message } => message.len(),
            Self::NewId { key } => key.len(),
            Self::Expect { key, error } => key.len() + optional(error),
            Self::Send { target, method, path, key, body, answer, error, .. } => {
                let fixed = target.len() + method.len() + path.len() + body.len();
                fixed + optional(key) + optional(answer) + optional(error)
            }
            Self::Wait { keys, error, .. } => texts(keys) + optional(error),
            Self::Delivery { key, method, path, body, .. } => {
                key.len() + method.len() + path.len() + body.len()
            }
            Self::CutShort { call } => call.len(),
            Self::Sleep { .. } => 0,
            Self::Metric { name, error, .. } => name.len() + optional(error),
            Self::Read { name, value } => name.len() + value.len(),
        }
    }
}

fn texts(texts: &[String]) -> usize {
    texts.iter().map(|text| size_of::<String>() + text.len()).sum()
}
