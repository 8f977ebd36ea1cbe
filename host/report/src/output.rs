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
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// The maximum number of bytes that wait for one stream: several seconds of log, or the reports of hundreds of failed
/// runs.
const QUEUE_BYTES: usize = 1 << 20;

/// The size of a queued text in addition to its bytes.
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
pub struct Output(Arc<Handle>);

/// Closes the queue when it is dropped.
struct Handle(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    /// Notified when the thread has to look at the queue.
    work: Condvar,
    /// Notified when texts have been written or dropped.
    progress: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Batch,
    /// The length of the texts that the thread writes now, as they count for the limit.
    in_progress: usize,
    /// How many texts were queued so far, and how many of them have been written or dropped.
    queued: u64,
    done: u64,
    dropped: u64,
    /// Whether the thread waits for a text.
    is_idle: bool,
    /// Whether somebody waits for the texts to be written.
    is_urgent: bool,
    is_closed: bool,
}

/// Texts that are written together.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// Where each text ends.
    ends: Vec<usize>,
}

impl Batch {
    /// Returns the length that counts for the limit.
    fn weight(&self) -> usize {
        self.bytes.len() + self.ends.len() * ENTRY_BYTES
    }
}

impl Output {
    /// Starts the thread. After each write, it collects texts for the time `pause`, and then writes them together.
    /// `notice` returns the text that reports how many texts were dropped.
    ///
    /// # Errors
    /// The system refuses to start a thread.
    pub fn start(
        name: &str,
        pause: Duration,
        stream: impl Write + Send + 'static,
        notice: impl Fn(u64) -> String + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared =
            Arc::new(Shared { queue: Mutex::default(), work: Condvar::new(), progress: Condvar::new() });
        let writer = Writer { stream, notice, pause, shared: shared.clone(), reported: 0 };
        std::thread::Builder::new().name(name.to_owned()).spawn(move || writer.run())?;
        Ok(Self(Arc::new(Handle(shared))))
    }

    /// Queues a text, which is written in one piece. Never waits.
    pub fn push(&self, text: &[u8]) {
        let mut queue = self.0.0.queue.lock();
        let weight = queue.waiting.weight() + queue.in_progress + text.len() + ENTRY_BYTES;
        if weight > QUEUE_BYTES {
            queue.dropped += 1;
            return;
        }
        queue.waiting.bytes.extend_from_slice(text);
        let end = queue.waiting.bytes.len();
        queue.waiting.ends.push(end);
        queue.queued += 1;
        if std::mem::take(&mut queue.is_idle) {
            self.0.0.work.notify_one();
        }
    }

    /// Returns the number of texts that were dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.0.0.queue.lock().dropped
    }

    /// Waits until the queued texts are written or dropped, but no longer than `limit`.
    pub fn flush(&self, limit: Duration) {
        let until = Instant::now() + limit;
        let mut queue = self.0.0.queue.lock();
        let last = queue.queued;
        queue.is_urgent = true;
        self.0.0.work.notify_one();
        // A stuck stream loses its last texts, because the process must end.
        while queue.done < last && !self.0.0.progress.wait_until(&mut queue, until).timed_out() {}
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.queue.lock().is_closed = true;
        self.0.work.notify_one();
    }
}

struct Writer<S, N> {
    stream: S,
    notice: N,
    pause: Duration,
    shared: Arc<Shared>,
    /// The number of dropped texts that notices have reported.
    reported: u64,
}

impl<S: Write, N: Fn(u64) -> String> Writer<S, N> {
    fn run(mut self) {
        let shared = self.shared.clone();
        let mut queue = shared.queue.lock();
        loop {
            while queue.waiting.ends.is_empty() {
                if queue.is_closed {
                    return;
                }
                queue.is_idle = true;
                queue.is_urgent = false;
                shared.work.wait(&mut queue);
            }
            queue.is_idle = false;
            let batch = std::mem::take(&mut queue.waiting);
            queue.in_progress = batch.weight();
            let dropped = queue.dropped;
            drop(queue);
            let lost = self.write(&batch, dropped);
            queue = shared.queue.lock();
            queue.in_progress = 0;
            queue.done += batch.ends.len() as u64;
            queue.dropped += lost as u64;
            shared.progress.notify_all();
            let until = Instant::now() + self.pause;
            while !queue.is_urgent
                && !queue.is_closed
                && !shared.work.wait_until(&mut queue, until).timed_out()
            {}
        }
    }

    /// Writes texts. Returns how many of them were not written completely.
    fn write(&mut self, batch: &Batch, dropped: u64) -> usize {
        if dropped > self.reported {
            let notice = (self.notice)(dropped - self.reported);
            if write_all(&mut self.stream, notice.as_bytes()).is_err() {
                return batch.ends.len();
            }
            self.reported = dropped;
        }
        match write_all(&mut self.stream, &batch.bytes) {
            Ok(()) => 0,
            Err(written) => batch.ends.iter().filter(|end| **end > written).count(),
        }
    }
}

/// Writes everything, even to a stream that another process made non-blocking. If that fails, returns how many bytes were
/// written.
fn write_all(stream: &mut impl Write, bytes: &[u8]) -> Result<(), usize> {
    let mut written = 0;
    while written < bytes.len() {
        match stream.write(&bytes[written..]) {
            Ok(0) => return Err(written),
            Ok(more) => written += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => std::thread::sleep(TRY_AGAIN),
            Err(_) => return Err(written),
        }
    }
    stream.flush().map_err(|_| written)
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

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
        Output::start("test", Duration::ZERO, stream, |dropped| format!("[{dropped} dropped]\n")).unwrap()
    }

    fn text(stream: &Stream) -> String {
        String::from_utf8(stream.written.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn texts_that_cannot_be_written_are_counted_and_announced_once() {
        let stream = Stream::default();
        let output = output(stream.clone());
        output.push(b"one\n");
        output.flush(LONG);
        *stream.is_full.lock().unwrap() = true;
        output.push(b"two\n");
        output.push(b"three\n");
        output.flush(LONG);
        assert_eq!(output.dropped(), 2);
        *stream.is_full.lock().unwrap() = false;
        output.push(b"four\n");
        output.push(b"five\n");
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
                pushing.push(&[b'x'; 1000]);
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
        output.push(b"again\n");
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
                output.push(&vec![b'x'; QUEUE_BYTES / 2]);
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
        let output =
            Output::start("test", Duration::ZERO, Drip(stream.clone(), 0), |_| String::new()).unwrap();
        output.push(b"a longer text\n");
        output.flush(LONG);
        assert_eq!(text(&stream), "a longer text\n");
        assert_eq!(output.dropped(), 0);
    }
}
