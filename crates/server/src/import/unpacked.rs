//! How much a workbook is, once it is unpacked.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use anyhow::{Context, bail};
use zip::ZipArchive;

/// What a workbook may unpack to. Its parts are held in memory, and packed a thousandfold they pass any bound on files.
const MOST: u64 = 256 << 20;

/// Refuses a workbook that unpacks to more than is held in memory. What it says of its own sizes is not believed: it is
/// unpacked.
pub(super) fn check(content: &Arc<[u8]>) -> anyhow::Result<()> {
    let not_one = "不是工作簿 ¦ this is no workbook";
    let mut archive = ZipArchive::new(Cursor::new(content.clone())).context(not_one)?;
    let mut left = MOST;
    for at in 0..archive.len() {
        let part = archive.by_index(at).context(not_one)?;
        left = left.saturating_sub(io::copy(&mut part.take(left + 1), &mut io::sink()).context(not_one)?);
        if left == 0 {
            let most = MOST >> 20;
            bail!("工作簿解压后超过 {most} MiB ¦ the workbook unpacks to more than {most} MiB");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn packed(mebibytes: usize) -> Arc<[u8]> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        archive.start_file("xl/sharedStrings.xml", options).unwrap();
        for _ in 0..mebibytes {
            archive.write_all(&vec![b' '; 1 << 20]).unwrap();
        }
        archive.finish().unwrap().into_inner().into()
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused() {
        let bomb = packed(257);
        assert!(bomb.len() < 1 << 20);
        assert!(check(&bomb).unwrap_err().to_string().contains("256 MiB"));
        check(&packed(3)).unwrap();
        assert!(check(&Arc::from(&b"no workbook"[..])).is_err());
    }
}
