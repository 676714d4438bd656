//! Writes the golden vectors of this build into tests/vectors. Run it (`cargo xtask vectors`)
//! only when a new profile or encoder id was given: a vector that changes under the same id is a
//! broken promise.

fn main() -> anyhow::Result<()> {
    for signal in onmon_tests::signals::golden() {
        onmon_tests::vectors::write(&signal)?;
        println!("{}", signal.name);
    }
    Ok(())
}
