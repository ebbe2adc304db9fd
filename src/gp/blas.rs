//! One BLAS thread: parallelism is over objectives and starts, and results must not depend on how
//! many threads a library finds.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::sync::Once;

unsafe extern "C" {
    fn openblas_set_num_threads(threads: c_int);
}

/// Makes OpenBLAS single-threaded, once per process.
pub fn single_threaded() {
    static ONCE: Once = Once::new();
    // SAFETY: OpenBLAS is linked (feature `openblas-system`), the function takes a plain int, and
    // `Once` keeps a second thread out while it runs.
    ONCE.call_once(|| unsafe { openblas_set_num_threads(1) });
}
