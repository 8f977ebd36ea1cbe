//! A metrics page.

/// The samples of a page in Prometheus' text format.
#[derive(Debug)]
pub struct Metrics(String);

impl Metrics {
    /// A page as it came.
    pub fn new(page: String) -> Self {
        Self(page)
    }

    /// The value of the sample with this name and all of these labels, if there is exactly one.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let samples: Vec<f64> = self.samples(name, labels).collect();
        match samples.as_slice() {
            [] => None,
            [value] => Some(*value),
            more => panic!("{} samples of {name} have {labels:?}:\n{}", more.len(), self.0),
        }
    }

    /// The sum of all samples with this name and these labels.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.samples(name, labels).sum()
    }

    /// The page itself.
    pub fn text(&self) -> &str {
        &self.0
    }

    fn samples(&self, name: &str, labels: &[(&str, &str)]) -> impl Iterator<Item = f64> {
        let matches = move |line: &&str| {
            let Some(rest) = line.strip_prefix(name) else { return false };
            let named = rest.starts_with('{') || rest.starts_with(' ');
            named && labels.iter().all(|(name, value)| rest.contains(&format!("{name}=\"{value}\"")))
        };
        let value = |line: &str| line.rsplit(' ').next().unwrap().parse().unwrap();
        self.0.lines().filter(matches).map(value)
    }
}
