use orbital_model::text::{is_trouble, shown};
use orbital_model::{Budget, MetricKind, Sample, StepKind};

use crate::bindings::orbital::test::metrics::{Host, Label, MetricError};
use crate::guest_state::GuestState;
use crate::series::SeriesError;

/// The longest name of a metric or a label, in bytes.
const MAX_NAME: usize = 100;

/// The most labels of one series.
const MAX_LABELS: usize = 8;

/// The longest value of a label, in bytes.
const MAX_LABEL_VALUE: usize = 128;

/// The suffixes of the series that a histogram creates. No other metric may use them.
const HISTOGRAM_SUFFIXES: [&str; 3] = ["_bucket", "_sum", "_count"];

impl Host for GuestState {
    async fn counter(
        &mut self,
        name: String,
        value: f64,
        labels: Vec<Label>,
    ) -> wasmtime::Result<Result<(), MetricError>> {
        self.metric(MetricKind::Counter, name, value, labels)
    }

    async fn gauge(
        &mut self,
        name: String,
        value: f64,
        labels: Vec<Label>,
    ) -> wasmtime::Result<Result<(), MetricError>> {
        self.metric(MetricKind::Gauge, name, value, labels)
    }

    async fn histogram(
        &mut self,
        name: String,
        value: f64,
        labels: Vec<Label>,
    ) -> wasmtime::Result<Result<(), MetricError>> {
        self.metric(MetricKind::Histogram, name, value, labels)
    }
}

impl GuestState {
    fn metric(
        &mut self,
        kind: MetricKind,
        name: String,
        value: f64,
        labels: Vec<Label>,
    ) -> wasmtime::Result<Result<(), MetricError>> {
        let recorder = self.recorder.clone();
        let run = self.run("metrics")?;
        let step_name = name.clone();
        let denial = run.access.metrics().err();
        let result = match &denial {
            // Without a grant, the limit is zero series.
            Some(_) => Err(MetricError::TooManySeries(0)),
            None => check(kind, name, value, labels).and_then(|sample| {
                run.series.note(&run.context.case, &sample).map_err(refused)?;
                Ok(sample)
            }),
        };
        if let Some(denial) = &denial {
            recorder.blame_until_contact(denial.cause());
        }
        let denial = denial.map(|denial| denial.to_string());
        let error = denial.or_else(|| result.as_ref().err().map(describe));
        recorder.note(StepKind::Metric { kind, name: step_name, value, error });
        match result {
            Err(error) => Ok(Err(error)),
            Ok(sample) => {
                recorder.meter().charge(Budget::MetricSamples, 1)?;
                recorder.meter().charge(Budget::HostMemory, sample.size())?;
                recorder.sample(sample);
                Ok(Ok(()))
            }
        }
    }
}

fn check(kind: MetricKind, name: String, value: f64, labels: Vec<Label>) -> Result<Sample, MetricError> {
    if !is_name(&name) {
        return Err(MetricError::InvalidName(format!(
            "`{}` is not a letter followed by letters, digits and `_`, of at most {MAX_NAME} bytes",
            shown(&name)
        )));
    }
    if let Some(suffix) = HISTOGRAM_SUFFIXES.iter().find(|suffix| name.ends_with(**suffix)) {
        return Err(MetricError::InvalidName(format!(
            "`{}` ends in `{suffix}`, which histograms add",
            shown(&name)
        )));
    }
    if value.is_nan() || (kind == MetricKind::Counter && (value < 0.0 || value.is_infinite())) {
        return Err(MetricError::InvalidValue(format!("{value} cannot be the value of a {}", kind.name())));
    }
    if labels.len() > MAX_LABELS {
        return Err(MetricError::InvalidLabel(format!(
            "there are {} labels; at most {MAX_LABELS} are allowed",
            labels.len()
        )));
    }
    let mut labels: Vec<(String, String)> =
        labels.into_iter().map(|label| (label.name, label.value)).collect();
    labels.sort();
    for (index, (name, value)) in labels.iter().enumerate() {
        let wrong = if !is_name(name) {
            "is not a letter followed by letters, digits and `_`, of at most 100 bytes"
        } else if ["component", "case", "le", "quantile"].contains(&name.as_str()) {
            "has the name of a label that the host sets"
        } else if index > 0 && labels[index - 1].0 == *name {
            "is there twice"
        } else if value.len() > MAX_LABEL_VALUE {
            "has a value of more than 128 bytes"
        } else {
            continue;
        };
        return Err(MetricError::InvalidLabel(format!("the label `{}` {wrong}", shown(name))));
    }
    // Done before series are compared, so that no two of them have the same labels on the metrics page.
    for (_, value) in &mut labels {
        *value = escaped(value);
    }
    Ok(Sample { name, kind, labels, value })
}

/// Escapes characters that a terminal would interpret. The page itself escapes line breaks, quotes and backslashes.
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\n' => escaped.push('\n'),
            character if is_trouble(character) => escaped.extend(character.escape_unicode()),
            character => escaped.push(character),
        }
    }
    escaped
}

fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

fn refused(error: SeriesError) -> MetricError {
    match error {
        SeriesError::OtherKind(kind) => MetricError::OtherKind(format!("it is a {} already", kind.name())),
        SeriesError::TooMany(limit) => MetricError::TooManySeries(u32::try_from(limit).unwrap_or(u32::MAX)),
    }
}

fn describe(error: &MetricError) -> String {
    match error {
        MetricError::InvalidName(reason)
        | MetricError::InvalidLabel(reason)
        | MetricError::InvalidValue(reason)
        | MetricError::OtherKind(reason) => reason.clone(),
        MetricError::TooManySeries(limit) => format!("the component has reached its limit of {limit} series"),
    }
}
