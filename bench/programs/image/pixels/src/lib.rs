//! The component that keeps pictures.
wit_bindgen::generate!({ world: "library", path: "../wit" });

use exports::bench::image::pixels::{Guest, GuestPicture, Picture};

struct Library;

impl Guest for Library {
    type Picture = image_library::Picture;
}

impl GuestPicture for image_library::Picture {
    fn new(width: u32, height: u32) -> Self {
        image_library::Picture::new(width, height)
    }
    fn put_row(&self, y: u32, row: Vec<u8>) {
        self.put_row(y, &row)
    }
    fn row(&self, y: u32) -> Vec<u8> {
        self.row(y)
    }
    fn blur(&self, sigma: f32) -> Picture {
        Picture::new(self.blur(sigma))
    }
    fn resize(&self, width: u32, height: u32) -> Picture {
        Picture::new(self.resize(width, height))
    }
}

export!(Library);
