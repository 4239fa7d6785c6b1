//! Notices when the web site was built anew: the binary embeds it.

fn main() {
    // Made empty where it is missing, because a path that is not there would run this every time.
    let site = std::path::Path::new("../target/site");
    if let Err(error) = std::fs::create_dir_all(site) {
        println!("cargo:warning=cannot make {}: {error}", site.display());
    }
    println!("cargo:rerun-if-changed=../target/site");
}
