//! What goes into a file, counted and hashed on the way, so that the file need not be read again.

use std::io::{self, BufWriter, Write};

use sha2::{Digest, Sha256};

/// A writer that counts and hashes what passes through it to another.
pub struct HashingWriter {
    out: BufWriter<Box<dyn Write + Send>>,
    hash: Sha256,
    bytes: u64,
}

impl HashingWriter {
    /// Passes everything on to `out`, in pieces of 64 KiB.
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        HashingWriter { out: BufWriter::with_capacity(1 << 16, out), hash: Sha256::new(), bytes: 0 }
    }

    /// Flushes, and tells how many bytes passed and their SHA-256 in lower-case hex.
    pub fn finish(mut self) -> io::Result<(u64, String)> {
        self.out.flush()?;
        let hash: [u8; 32] = self.hash.finalize().into();
        Ok((self.bytes, hash.iter().map(|byte| format!("{byte:02x}")).collect()))
    }
}

impl Write for HashingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        // Only what was taken counts: the rest comes again.
        self.hash.update(bytes.get(..count).unwrap_or(bytes));
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes three bytes at a time.
    struct Slow;

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len().min(3))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_hash_is_that_of_all_bytes() {
        let mut writer = HashingWriter::new(Box::new(Slow));
        writer.write_all(b"a").unwrap();
        writer.write_all(b"bc").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(writer.finish().unwrap(), (3, abc.to_owned()));
        // More than is buffered goes straight through, in pieces.
        let mut writer = HashingWriter::new(Box::new(Slow));
        let long = vec![b'x'; 200_000];
        writer.write_all(&long).unwrap();
        let expected: [u8; 32] = Sha256::digest(&long).into();
        let (bytes, hash) = writer.finish().unwrap();
        assert_eq!((bytes, hash.len()), (200_000, 64));
        assert!(hash.starts_with(&format!("{:02x}{:02x}", expected[0], expected[1])));
    }

    /// A device that is full says so at the latest at the end.
    #[test]
    fn an_error_of_the_last_bytes_is_told() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut writer = HashingWriter::new(Box::new(Full));
        writer.write_all(b"little").unwrap();
        assert_eq!(writer.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
