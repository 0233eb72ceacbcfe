//! The interface `pixels` as plain Rust, over the crate image.
use image::imageops::{self, FilterType};
use image::RgbImage;
use std::cell::RefCell;

pub struct Picture(RefCell<RgbImage>);

impl Picture {
    pub fn new(width: u32, height: u32) -> Picture {
        Picture(RefCell::new(RgbImage::new(width, height)))
    }
    fn place(image: &RgbImage, y: u32) -> std::ops::Range<usize> {
        let length = image.width() as usize * 3;
        y as usize * length..(y as usize + 1) * length
    }
    pub fn put_row(&self, y: u32, row: &[u8]) {
        let mut image = self.0.borrow_mut();
        let place = Self::place(&image, y);
        image.as_flat_samples_mut().samples[place].copy_from_slice(row);
    }
    pub fn row(&self, y: u32) -> Vec<u8> {
        let image = self.0.borrow();
        image.as_raw()[Self::place(&image, y)].to_vec()
    }
    pub fn blur(&self, sigma: f32) -> Picture {
        Picture(RefCell::new(imageops::fast_blur(&*self.0.borrow(), sigma)))
    }
    pub fn resize(&self, width: u32, height: u32) -> Picture {
        Picture(RefCell::new(imageops::resize(
            &*self.0.borrow(),
            width,
            height,
            FilterType::Triangle,
        )))
    }
}
