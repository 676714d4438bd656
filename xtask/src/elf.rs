//! What an ELF image (32-bit, little endian) takes of flash and RAM, from its section headers.

use anyhow::{Context, Result, ensure};

const TYPE_NOBITS: u32 = 8;
const FLAG_WRITE: u32 = 1;
const FLAG_ALLOC: u32 = 2;

/// Bytes that an image takes before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Vector table, code, constants and the initial values of variables.
    pub flash_bytes: u64,
    /// Variables; the stack comes on top.
    pub static_ram_bytes: u64,
}

/// Sections that stand for what is left of RAM: riscv-rt reserves it all.
const LEFT_OF_RAM: [&[u8]; 2] = [b".heap", b".stack"];

/// Adds up the sections that are loaded.
pub fn footprint(image: &[u8]) -> Result<Footprint> {
    ensure!(image.starts_with(b"\x7fELF\x01\x01"), "not a 32-bit little-endian ELF file");
    let table = u32_at(image, 0x20)? as usize;
    let entry_bytes = u16_at(image, 0x2e)?;
    let entries = u16_at(image, 0x30)?;
    let header_of = |entry: u16| table + usize::from(entry) * usize::from(entry_bytes);
    let names = u32_at(image, header_of(u16_at(image, 0x32)?) + 0x10)? as usize;
    let mut footprint = Footprint { flash_bytes: 0, static_ram_bytes: 0 };
    for entry in 0..entries {
        let header = header_of(entry);
        if LEFT_OF_RAM.contains(&text_at(image, names + u32_at(image, header)? as usize)?) {
            continue;
        }
        let kind = u32_at(image, header + 0x04)?;
        let flags = u32_at(image, header + 0x08)?;
        let size = u64::from(u32_at(image, header + 0x14)?);
        if flags & FLAG_ALLOC == 0 {
            continue;
        }
        if kind != TYPE_NOBITS {
            footprint.flash_bytes += size;
        }
        if kind == TYPE_NOBITS || flags & FLAG_WRITE != 0 {
            footprint.static_ram_bytes += size;
        }
    }
    Ok(footprint)
}

/// Up to the next zero.
fn text_at(image: &[u8], offset: usize) -> Result<&[u8]> {
    let from = image.get(offset..).context("the ELF file is cut off")?;
    from.split(|byte| *byte == 0).next().context("the ELF file is cut off")
}

fn u32_at(image: &[u8], offset: usize) -> Result<u32> {
    let bytes = image.get(offset..offset + 4).context("the ELF file is cut off")?;
    Ok(u32::from_le_bytes(bytes.try_into()?))
}

fn u16_at(image: &[u8], offset: usize) -> Result<u16> {
    let bytes = image.get(offset..offset + 2).context("the ELF file is cut off")?;
    Ok(u16::from_le_bytes(bytes.try_into()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two names as they lie in a table of names, the second at 7.
    const NAMES: &[u8] = b"\0other\0.stack\0";

    /// An ELF header, the names, and one section header per `(name, type, flags, size)`, the first
    /// of which is that of the names.
    fn image(sections: &[(u32, u32, u32, u32)]) -> Vec<u8> {
        let mut image = vec![0; 0x34];
        image[..6].copy_from_slice(b"\x7fELF\x01\x01");
        image[0x20] = 0x34 + NAMES.len() as u8;
        image[0x2e] = 0x28;
        image[0x30] = 1 + sections.len() as u8;
        image.extend(NAMES);
        let mut names = [0; 0x28];
        names[0x10] = 0x34;
        image.extend(names);
        for (name, kind, flags, size) in sections {
            let mut header = [0; 0x28];
            header[..0x04].copy_from_slice(&name.to_le_bytes());
            header[0x04..0x08].copy_from_slice(&kind.to_le_bytes());
            header[0x08..0x0c].copy_from_slice(&flags.to_le_bytes());
            header[0x14..0x18].copy_from_slice(&size.to_le_bytes());
            image.extend(header);
        }
        image
    }

    #[test]
    fn variables_with_initial_values_take_both_debug_data_and_what_is_left_nothing() {
        let text = (1, 1, FLAG_ALLOC | 4, 1_000);
        let data = (1, 1, FLAG_ALLOC | FLAG_WRITE, 20);
        let bss = (1, TYPE_NOBITS, FLAG_ALLOC | FLAG_WRITE, 300);
        let debug = (1, 1, 0, 90_000);
        let stack = (7, TYPE_NOBITS, FLAG_ALLOC | FLAG_WRITE, 40_000);
        let found = footprint(&image(&[text, data, bss, debug, stack])).expect("valid");
        assert_eq!(found, Footprint { flash_bytes: 1_020, static_ram_bytes: 320 });
    }

    #[test]
    fn what_is_no_elf_file_or_cut_off_is_an_error() {
        assert!(footprint(b"MZ").is_err());
        let whole = image(&[(1, 1, FLAG_ALLOC, 5)]);
        assert!(footprint(&whole[..whole.len() - 20]).is_err());
    }
}
