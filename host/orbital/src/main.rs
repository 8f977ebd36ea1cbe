//! The binary `orbital`. All code is in the library.

fn main() -> orbital_host::cli::Exit {
    orbital_host::cli::main()
}
