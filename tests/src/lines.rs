//! The output of a process, line by line.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::sync::watch;

use crate::PATIENCE;

/// All lines of a process, from both of its streams, in the order in which they came.
#[derive(Clone)]
pub struct Lines {
    lines: Arc<Mutex<Vec<String>>>,
    count: watch::Sender<usize>,
}

impl Default for Lines {
    fn default() -> Self {
        Self { lines: Arc::default(), count: watch::Sender::new(0) }
    }
}

impl Lines {
    /// Reads a stream to its end, in the background.
    pub fn read(&self, stream: impl AsyncRead + Unpin + Send + 'static) -> tokio::task::JoinHandle<()> {
        let this = self.clone();
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream).lines();
            while let Ok(Some(line)) = stream.next_line().await {
                let mut lines = this.lines.lock().unwrap();
                lines.push(line);
                this.count.send_replace(lines.len());
            }
        })
    }

    /// How many lines there are: a place to wait from.
    pub fn mark(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    /// Waits for a line after `mark` that has all of these texts in it.
    pub async fn wait(&self, mark: usize, texts: &[&str]) -> String {
        self.wait_n(mark, 1, texts).await.remove(0)
    }

    /// Waits for so many lines after `mark` that have all of these texts in them.
    pub async fn wait_n(&self, mark: usize, n: usize, texts: &[&str]) -> Vec<String> {
        let found = self.until(mark, n, |line| texts.iter().all(|text| line.contains(text))).await;
        found.unwrap_or_else(|| panic!("no line with {texts:?} came; there are:\n{}", self.text()))
    }

    /// Waits for so many lines after `mark` that match.
    pub async fn wait_until(&self, mark: usize, n: usize, matches: impl Fn(&str) -> bool) {
        let found = self.until(mark, n, matches).await;
        assert!(found.is_some(), "not enough lines came that match; there are:\n{}", self.text());
    }

    async fn until(&self, mark: usize, n: usize, matches: impl Fn(&str) -> bool) -> Option<Vec<String>> {
        let mut count = self.count.subscribe();
        let waiting = async {
            loop {
                count.borrow_and_update();
                let found = self.filter(mark, &matches);
                if found.len() >= n {
                    return found;
                }
                count.changed().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.ok()
    }

    /// The lines after `mark` that have all of these texts in them.
    pub fn find(&self, mark: usize, texts: &[&str]) -> Vec<String> {
        self.filter(mark, |line| texts.iter().all(|text| line.contains(text)))
    }

    fn filter(&self, mark: usize, matches: impl Fn(&str) -> bool) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().skip(mark).filter(|line| matches(line)).cloned().collect()
    }

    /// All of it.
    pub fn text(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }
}
