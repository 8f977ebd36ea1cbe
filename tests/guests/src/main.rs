//! An ordinary command, which is no test.

fn main() {
    println!("hello");
}
