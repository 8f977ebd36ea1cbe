//! Frames of HTTP/2, parsed only as far as needed to detect that the head of a request is being read.

/// The length of the prefix of a frame.
const PREFIX: usize = 9;

const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// The position of a connection within its frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    prefix: [u8; PREFIX],
    /// The number of bytes of the prefix that have been read.
    filled: usize,
    /// The number of bytes after the prefix that are still missing from the frame.
    left: usize,
    /// Whether a head has begun and has not ended.
    head: bool,
}

impl Frames {
    /// Notes bytes that were read. Returns whether a head is being read after them.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> bool {
        loop {
            let skipped = self.left.min(bytes.len());
            (self.left, bytes) = (self.left - skipped, &bytes[skipped..]);
            if self.left > 0 {
                return self.head;
            }
            if self.filled == PREFIX {
                self.filled = 0;
                let [.., kind, flags, _, _, _, _] = self.prefix;
                if matches!(kind, HEADERS | CONTINUATION) {
                    self.head = flags & END_HEADERS == 0;
                }
            }
            let taken = (PREFIX - self.filled).min(bytes.len());
            self.prefix[self.filled..][..taken].copy_from_slice(&bytes[..taken]);
            (self.filled, bytes) = (self.filled + taken, &bytes[taken..]);
            if self.filled < PREFIX {
                return self.head;
            }
            let [high, middle, low, kind, ..] = self.prefix;
            self.left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            self.head |= kind == HEADERS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
        frame.extend(std::iter::repeat_n(b'x', length.into()));
        frame
    }

    #[test]
    fn a_head_ends_with_the_frame_that_says_so_in_whatever_pieces_it_comes() {
        let whole = [
            frame(4, 0, 0),
            frame(HEADERS, 0, 20),
            frame(CONTINUATION, 0, 0),
            frame(CONTINUATION, END_HEADERS, 3),
            frame(0, 1, 200),
            frame(HEADERS, END_HEADERS | 1, 5),
        ]
        .concat();
        // The range from the prefix of a frame of headers to the end of the last one.
        let first = 9 + 9..9 + 29 + 9 + 12;
        let last = whole.len() - 5..whole.len();
        for size in 1..whole.len() {
            let mut frames = Frames::default();
            let mut read = 0;
            for piece in whole.chunks(size) {
                read += piece.len();
                let expected = first.contains(&read) || last.contains(&read);
                assert_eq!(frames.read(piece), expected, "after {read} bytes in pieces of {size}");
            }
        }
    }
}
