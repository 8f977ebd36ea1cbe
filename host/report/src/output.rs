//! The output streams of the process, written without blocking the caller.
//!
//! A reader that is slow, stuck or gone, or a full disk, must not stop a run. Texts wait in a bounded queue, and a
//! separate thread writes them. A text that does not fit into the queue, or cannot be written, is dropped and counted;
//! a notice with the number precedes the next text that is written.
//!
//! `tracing-appender` has such a writer, but it neither counts texts that could not be written nor bounds memory, and
//! when it ends, it prints to standard output, which may block.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

/// The maximum number of bytes that wait for one stream: several seconds of log, or the reports of hundreds of failed
/// runs.
const QUEUE_BYTES: usize = 1 << 20;

/// The size of a queue entry in addition to its text, in bytes.
const ENTRY_BYTES: usize = 64;

/// The interval at which a write is retried if another process made the stream non-blocking.
const TRY_AGAIN: Duration = Duration::from_millis(10);

/// Both output streams.
#[derive(Clone)]
pub struct Outputs {
    /// Standard output.
    pub stdout: Output,
    /// Standard error.
    pub stderr: Output,
}

/// A stream with its own queue and thread. The thread ends with the last clone of this.
#[derive(Clone)]
pub struct Output {
    entries: Sender<Entry>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    waiting_bytes: AtomicUsize,
    dropped: AtomicU64,
}

enum Entry {
    Text(Vec<u8>),
    /// Signals that all entries before it have been handled.
    Flush(SyncSender<()>),
}

impl Output {
    /// Starts the thread. `notice` returns the text that reports how many texts were dropped.
    ///
    /// # Errors
    /// The system refuses to start a thread.
    pub fn start(
        name: &str,
        stream: impl Write + Send + 'static,
        notice: impl Fn(u64) -> String + Send + 'static,
    ) -> std::io::Result<Self> {
        let (entries, queue) = channel();
        let counts = Arc::new(Counts::default());
        let writer = Writer { stream, notice, queue, counts: counts.clone(), reported: 0 };
        std::thread::Builder::new().name(name.to_owned()).spawn(move || writer.run())?;
        Ok(Self { entries, counts })
    }

    /// Queues a text, which is written in one piece. Never waits.
    pub fn push(&self, text: Vec<u8>) {
        let bytes = text.len() + ENTRY_BYTES;
        let waiting = self.counts.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let is_queued = waiting + bytes <= QUEUE_BYTES && self.entries.send(Entry::Text(text)).is_ok();
        if !is_queued {
            self.counts.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the number of texts that were dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }

    /// Waits until the queued texts are written or dropped, but no longer than `limit`.
    pub fn flush(&self, limit: Duration) {
        let (done, flushed) = sync_channel(1);
        if self.entries.send(Entry::Flush(done)).is_ok() {
            // A stuck stream loses its last texts, because the process must end.
            let _ = flushed.recv_timeout(limit);
        }
    }
}

struct Writer<S, N> {
    stream: S,
    notice: N,
    queue: Receiver<Entry>,
    counts: Arc<Counts>,
    /// The number of dropped texts that notices have reported.
    reported: u64,
}

impl<S: Write, N: Fn(u64) -> String> Writer<S, N> {
    fn run(mut self) {
        while let Ok(entry) = self.queue.recv() {
            match entry {
                Entry::Text(text) => {
                    if self.write(&text).is_err() {
                        self.counts.dropped.fetch_add(1, Ordering::Relaxed);
                    }
                    self.counts.waiting_bytes.fetch_sub(text.len() + ENTRY_BYTES, Ordering::Relaxed);
                }
                // The waiting caller may have given up.
                Entry::Flush(done) => drop(done.try_send(())),
            }
        }
    }

    fn write(&mut self, text: &[u8]) -> std::io::Result<()> {
        let dropped = self.counts.dropped.load(Ordering::Relaxed);
        if dropped > self.reported {
            let notice = (self.notice)(dropped - self.reported);
            write_all(&mut self.stream, notice.as_bytes())?;
            self.reported = dropped;
        }
        write_all(&mut self.stream, text)
    }
}

/// Writes a whole text, even to a stream that another process made non-blocking.
fn write_all(stream: &mut impl Write, mut text: &[u8]) -> std::io::Result<()> {
    while !text.is_empty() {
        match stream.write(text) {
            Ok(0) => return Err(std::io::ErrorKind::WriteZero.into()),
            Ok(written) => text = &text[written..],
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => std::thread::sleep(TRY_AGAIN),
            Err(error) => return Err(error),
        }
    }
    stream.flush()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// A stream that blocks while it is locked, and fails while it is full.
    #[derive(Clone, Default)]
    struct Stream {
        written: Arc<Mutex<Vec<u8>>>,
        is_full: Arc<Mutex<bool>>,
    }

    impl Write for Stream {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            if *self.is_full.lock().unwrap() {
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            self.written.lock().unwrap().extend_from_slice(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn output(stream: Stream) -> Output {
        Output::start("test", stream, |dropped| format!("[{dropped} dropped]\n")).unwrap()
    }

    fn text(stream: &Stream) -> String {
        String::from_utf8(stream.written.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn texts_that_cannot_be_written_are_counted_and_announced_once() {
        let stream = Stream::default();
        let output = output(stream.clone());
        output.push(b"one\n".to_vec());
        output.flush(LONG);
        *stream.is_full.lock().unwrap() = true;
        output.push(b"two\n".to_vec());
        output.push(b"three\n".to_vec());
        output.flush(LONG);
        assert_eq!(output.dropped(), 2);
        *stream.is_full.lock().unwrap() = false;
        output.push(b"four\n".to_vec());
        output.push(b"five\n".to_vec());
        output.flush(LONG);
        assert_eq!(text(&stream), "one\n[2 dropped]\nfour\nfive\n");
    }

    #[test]
    fn a_stuck_stream_blocks_neither_the_caller_nor_the_end_and_the_queue_is_bounded() {
        let stream = Stream::default();
        let output = output(stream.clone());
        let written = stream.written.lock().unwrap();
        let (entered, pushed) = mpsc::channel();
        let pushing = output.clone();
        std::thread::spawn(move || {
            for _ in 0..5000 {
                pushing.push(vec![b'x'; 1000]);
            }
            pushing.flush(Duration::from_millis(1));
            entered.send(()).unwrap();
        });
        pushed.recv_timeout(LONG).expect("the caller is blocked");
        assert!(output.dropped() >= 5000 - (QUEUE_BYTES / 1000) as u64 - 1);
        let lost = output.dropped();
        drop(written);
        output.flush(LONG);
        assert_eq!(text(&stream).matches('x').count() as u64, (5000 - lost) * 1000);
        output.push(b"again\n".to_vec());
        output.flush(LONG);
        assert!(text(&stream).ends_with("again\n"), "there is room again");
        // If the thread started slowly, it wrote its first text after some were dropped, and reported them then.
        let announced = text(&stream);
        let announced = announced.split('[').filter_map(|part| part.split_once(" dropped]\n"));
        assert_eq!(announced.map(|(count, _)| count.parse::<u64>().unwrap()).sum::<u64>(), lost);
    }

    #[test]
    fn texts_take_no_room_once_they_are_written_or_cannot_be() {
        let stream = Stream::default();
        let output = output(stream.clone());
        for is_full in [false, true, false] {
            *stream.is_full.lock().unwrap() = is_full;
            for _ in 0..3 {
                output.push(vec![b'x'; QUEUE_BYTES / 2]);
                output.flush(LONG);
            }
        }
        assert_eq!(output.dropped(), 3, "those that could not be written");
    }

    #[test]
    fn a_text_is_written_whole_to_a_stream_that_takes_it_in_pieces() {
        struct Drip(Stream, u32);
        impl Write for Drip {
            fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
                self.1 += 1;
                match self.1 % 3 {
                    0 => Err(std::io::ErrorKind::Interrupted.into()),
                    1 => Err(std::io::ErrorKind::WouldBlock.into()),
                    _ => self.0.write(&text[..text.len().min(3)]),
                }
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let stream = Stream::default();
        let output = Output::start("test", Drip(stream.clone(), 0), |_| String::new()).unwrap();
        output.push(b"a longer text\n".to_vec());
        output.flush(LONG);
        assert_eq!(text(&stream), "a longer text\n");
        assert_eq!(output.dropped(), 0);
    }
}
