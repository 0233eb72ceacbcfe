// Encodes and decodes an array with a codec that is somebody else's component: codec CONFIGURATION...
// Its WIT, in the folder wit, is taken from that component.
wit_bindgen::generate!({
    inline: "
        package example:codecs;
        world app { import numcodecs:abc/codec@0.1.1; }
    ",
    path: "wit",
    generate_all,
});

use numcodecs::abc::codec::{codec_config_schema, codec_id, AnyArray, AnyArrayData, AnyArrayDtype, AnyArrayPrototype, Codec, Error};

fn values(array: &AnyArray) -> usize {
    match &array.data {
        AnyArrayData::U8(data) => data.len(),
        AnyArrayData::F64(data) => 8 * data.len(),
        _ => usize::MAX,
    }
}

fn report(error: Error) -> String {
    format!("error: {} {:?}", error.message, error.chain)
}

fn try_codec(configuration: &str) -> Result<(), Error> {
    let codec = Codec::from_config(configuration)?;
    println!("{}", codec.get_config()?);
    let other = Codec::from_config(configuration)?;
    let data: Vec<f64> = (0..32 * 32).map(|i| (i as f64 / 57.0).sin() * 3.0).collect();
    let original = AnyArray { data: AnyArrayData::F64(data.clone()), shape: vec![32, 32] };
    let encoded = codec.encode(&original)?;
    println!("{} bytes as {:?}", values(&encoded), encoded.shape);
    drop(codec);
    let prototype = AnyArrayPrototype { dtype: AnyArrayDtype::F64, shape: vec![32, 32] };
    for decoded in [other.decode(&encoded)?, other.decode_into(&encoded, &prototype)?] {
        let AnyArrayData::F64(decoded_data) = &decoded.data else { panic!("other data") };
        let far = data.iter().zip(decoded_data).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        println!("{:?}, at most {far:e} off", decoded.shape);
    }
    Ok(())
}

fn main() {
    println!("{}: schema of {} bytes", codec_id(), codec_config_schema().len());
    for configuration in std::env::args().skip(1) {
        println!("{configuration}");
        if let Err(error) = try_codec(&configuration) {
            println!("{}", report(error));
        }
    }
}
