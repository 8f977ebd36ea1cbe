//! What a process says, line by line.

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
        let mut count = self.count.subscribe();
        let waiting = async {
            loop {
                count.borrow_and_update();
                let found = self.find(mark, texts);
                if found.len() >= n {
                    return found;
                }
                count.changed().await.unwrap();
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("no line with {texts:?} came; there are:\n{}", self.text()),
        }
    }

    /// The lines after `mark` that have all of these texts in them.
    pub fn find(&self, mark: usize, texts: &[&str]) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        let matches = |line: &&String| texts.iter().all(|text| line.contains(text));
        lines.iter().skip(mark).filter(matches).cloned().collect()
    }

    /// All of it.
    pub fn text(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }
}
