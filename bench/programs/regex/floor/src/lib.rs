//! What the program in C imports as a component, as functions of the same names that are linked with it. A handle is an
//! address, and nothing is copied on the way in.
use libc_allocator::{text, Owned};
use regex_library::Pattern;

#[repr(C)]
pub struct Span {
    start: u32,
    end: u32,
}

#[repr(C)]
pub struct Compiled {
    is_error: u8,
    value: Value,
}

#[repr(C)]
union Value {
    pattern: *mut Pattern,
    error: std::mem::ManuallyDrop<Owned<u8>>,
}

#[no_mangle]
unsafe extern "C" fn __wasm_import_bench_regex_patterns_static_pattern_compile(
    pointer: *const u8,
    length: usize,
    result: &mut Compiled,
) {
    *result = match Pattern::compile(text(pointer, length)) {
        Ok(pattern) => Compiled {
            is_error: 0,
            value: Value {
                pattern: Box::into_raw(Box::new(pattern)),
            },
        },
        Err(error) => Compiled {
            is_error: 1,
            value: Value {
                error: std::mem::ManuallyDrop::new(error.into_bytes().into()),
            },
        },
    };
}

#[no_mangle]
unsafe extern "C" fn __wasm_import_bench_regex_patterns_method_pattern_matches(
    pattern: &Pattern,
    pointer: *const u8,
    length: usize,
) -> i32 {
    pattern.matches(text(pointer, length)) as i32
}

#[no_mangle]
unsafe extern "C" fn __wasm_import_bench_regex_patterns_method_pattern_find_all(
    pattern: &Pattern,
    pointer: *const u8,
    length: usize,
    result: &mut Owned<Span>,
) {
    *result = pattern
        .find_all(text(pointer, length), |start, end| Span { start, end })
        .into();
}

#[no_mangle]
unsafe extern "C" fn __wasm_import_bench_regex_patterns_method_pattern_replace_all(
    pattern: &Pattern,
    pointer: *const u8,
    length: usize,
    with: *const u8,
    with_length: usize,
    result: &mut Owned<u8>,
) {
    *result = pattern
        .replace_all(text(pointer, length), text(with, with_length))
        .into_bytes()
        .into();
}

#[no_mangle]
unsafe extern "C" fn __wasm_import_bench_regex_patterns_pattern_drop(pattern: *mut Pattern) {
    drop(Box::from_raw(pattern));
}
