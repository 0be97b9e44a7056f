//! A tape, as `liveness replay` reads it.
#![no_main]
use libfuzzer_sys::fuzz_target;
use liveness::session::Tape;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(tape) = Tape::read(bytes) {
        let replay = tape.play();
        assert_eq!(replay, tape.play(), "decided alike");
        let mut written = vec![];
        tape.write(&mut written).unwrap();
        let _ = tape.result();
    }
});
