//! What differs from one board to the next: a file each, all with the same names in it.
//!
//! `entry` marks the image's first function, `Counter` counts instructions. The memory map that
//! belongs to it lies in `boards/`.

#[cfg(target_arch = "arm")]
mod mps2;
#[cfg(target_arch = "riscv32")]
mod virt;

#[cfg(target_arch = "arm")]
pub use mps2::*;
#[cfg(target_arch = "riscv32")]
pub use virt::*;
