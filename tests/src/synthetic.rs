//! What the programs share that build the index of a synthetic catalogue and ask it.

/// Every synthetic catalogue is of this seed: a measurement names what was built by its size alone.
pub const SEED: u64 = 1;

/// A line of what Linux tells of this process's memory (`VmRSS` now, `VmHWM` at most), in bytes,
/// without the page cache; 0 where the system does not tell.
pub fn memory_bytes(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let told = status.lines().find_map(|told| told.strip_prefix(line)?.strip_prefix(':'));
    let kib = told.and_then(|told| told.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    1_024 * kib.unwrap_or(0)
}
