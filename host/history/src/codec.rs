//! Reports as they are stored: JSON, compressed.

use std::io::Read as _;

use flate2::read::DeflateDecoder;
use orbital_model::Report;
use rusqlite::types::Type;
use zstd::bulk::Compressor;

/// Text that reports have in common: the names of all fields, and frequent values; the most frequent ones are at the end.
/// It must never be changed, because reports that were compressed with it cannot be read without it: a different one
/// needs a codec of its own.
const DICTIONARY: &[u8] = include_bytes!("codec/1.txt");

/// The level of zstd: without Huffman codes, whose tables cost more time than everything else in a small report, and save
/// an eighth of its bytes.
const LEVEL: i32 = -1;

/// The capacity that buffers keep. Reports are rarely larger.
const KEPT_BYTES: usize = 1 << 20;

// The codes of codecs in the database. They must never be changed.
const DEFLATE: i64 = 0;
const ZSTD: i64 = 1;

/// Compresses reports, one after the other, with the same state and the same buffers.
pub(super) struct Encoder {
    zstd: Compressor<'static>,
    json: Vec<u8>,
    compressed: Vec<u8>,
}

impl Encoder {
    pub(super) fn new() -> std::io::Result<Self> {
        let zstd = Compressor::with_dictionary(LEVEL, DICTIONARY)?;
        Ok(Self { zstd, json: Vec::new(), compressed: Vec::new() })
    }

    /// Returns the stored form of a report, and the code of its codec.
    pub(super) fn encode(&mut self, report: &Report) -> std::io::Result<(&[u8], i64)> {
        for buffer in [&mut self.json, &mut self.compressed] {
            buffer.clear();
            buffer.shrink_to(KEPT_BYTES);
        }
        serde_json::to_writer(&mut self.json, report)?;
        self.compressed.reserve(zstd::zstd_safe::compress_bound(self.json.len()));
        self.zstd.compress_to_buffer(&self.json, &mut self.compressed)?;
        Ok((&self.compressed, ZSTD))
    }
}

/// Returns the JSON of a report.
pub(super) fn decode(stored: &[u8], codec: i64) -> rusqlite::Result<String> {
    let mut json = String::new();
    let read = match codec {
        DEFLATE => DeflateDecoder::new(stored).read_to_string(&mut json),
        ZSTD => zstd::Decoder::with_dictionary(stored, DICTIONARY)
            .and_then(|mut decoder| decoder.read_to_string(&mut json)),
        unknown => Err(std::io::Error::other(format!("unknown codec {unknown}"))),
    };
    read.map(|_| json).map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, error.into()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::tests::report;

    #[test]
    fn reports_of_all_sizes_come_back() {
        let mut encoder = Encoder::new().unwrap();
        for size in [3 << 20, 0, 100, 70_000, 1] {
            let mut report = report("a/x", size);
            report.attempts[0].messages.push("text ".repeat(size as usize / 5));
            let (stored, codec) = encoder.encode(&report).unwrap();
            assert_eq!(decode(stored, codec).unwrap(), serde_json::to_string(&report).unwrap());
        }
        assert!(encoder.json.capacity() < 2 << 20);
    }

    #[test]
    fn what_was_stored_by_older_versions_can_be_read() {
        let json = r#"{"run":"01a2","component":"shop","case":"buys","digest":"","language":"Rust","trigger":"schedule","outcome":"pass","flaky":false,"attempts":[]}"#;
        let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        deflated.write_all(json.as_bytes()).unwrap();
        assert_eq!(decode(&deflated.finish().unwrap(), 0).unwrap(), json);
        // If the dictionary changes, this is something else.
        let stored = b"\x28\xb5\x2f\xfd\x20\x8f\x3d\x01\x00\x50\x73\x68\x6f\x70\x62\x75\x79\x73\x5d\x7d\x08\x00\x07\x80\x07\xa3\xe6\x0b\x20\x80\x19\xac\x90\x67\x30\x7b\xf2\x21\xf2\x64\x98\xdc\xc9\x1d\xc8\xc3\x65\x20";
        assert_eq!(decode(stored, 1).unwrap(), json);
        assert!(decode(stored, 0).is_err() && decode(stored, 2).is_err() && decode(b"{}", 1).is_err());
    }

    #[test]
    fn the_dictionary_makes_small_reports_small() {
        let (report, mut encoder) = (report("a/x", 0), Encoder::new().unwrap());
        let json = serde_json::to_string(&report).unwrap().len();
        let (stored, _) = encoder.encode(&report).unwrap();
        assert!(3 * stored.len() < json, "{} of {json} bytes", stored.len());
    }
}
