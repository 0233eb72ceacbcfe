//! What the program in C imports as a component, as functions of the same names that are linked with it. A handle is an
//! address, and nothing is copied on the way in.
use image_library::Picture;
use libc_allocator::{bytes, Owned};

fn boxed(picture: Picture) -> *mut Picture {
    Box::into_raw(Box::new(picture))
}

#[no_mangle]
extern "C" fn __wasm_import_bench_image_pixels_constructor_picture(width: u32, height: u32) -> *mut Picture {
    boxed(Picture::new(width, height))
}

#[no_mangle]
unsafe extern "C" fn __wasm_import_bench_image_pixels_method_picture_put_row(
    picture: &Picture,
    y: u32,
    pointer: *const u8,
    length: usize,
) {
    picture.put_row(y, bytes(pointer, length));
}

#[no_mangle]
extern "C" fn __wasm_import_bench_image_pixels_method_picture_row(picture: &Picture, y: u32, result: &mut Owned<u8>) {
    *result = picture.row(y).into();
}

#[no_mangle]
extern "C" fn __wasm_import_bench_image_pixels_method_picture_blur(picture: &Picture, sigma: f32) -> *mut Picture {
    boxed(picture.blur(sigma))
}

#[no_mangle]
extern "C" fn __wasm_import_bench_image_pixels_method_picture_resize(picture: &Picture, width: u32, height: u32) -> *mut Picture {
    boxed(picture.resize(width, height))
}

#[no_mangle]
unsafe extern "C" fn __wasm_import_bench_image_pixels_picture_drop(picture: *mut Picture) {
    drop(Box::from_raw(picture));
}
