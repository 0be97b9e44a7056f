//! Memory that is kept from one run to the next.

/// The first `wanted` floats of `buffer`, whatever they are. Where there are fewer the old ones are given back
/// first: nobody reads them, and a program keeps what it once had of both.
pub fn kept(buffer: &mut Vec<f32>, wanted: usize) -> &mut [f32] {
    if buffer.len() < wanted {
        *buffer = vec![];
        *buffer = vec![0.0; wanted];
    }
    &mut buffer[..wanted]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_what_is_wanted_and_stays() {
        let mut buffer = vec![];
        assert_eq!(kept(&mut buffer, 7).len(), 7);
        kept(&mut buffer, 3).fill(2.0);
        assert_eq!(buffer[..], [2.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(kept(&mut buffer, 9).len(), 9);
        assert_eq!(buffer.capacity(), 9);
    }
}
