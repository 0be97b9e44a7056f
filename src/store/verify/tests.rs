use super::*;
use crate::store::samples::{fill, open};

#[test]
fn whoever_reads_holds_up_nobody_and_sees_one_moment() {
    for name in ["l.jsonl", "l.db"] {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path(), name, &["a", "b"]);
        let path = dir.path().join(name);
        let key = Key::read(&dir.path().join("log.key")).unwrap();
        let snapshots = [(); 2].map(|()| Snapshot::of(&path).map_err(|(_, e)| e).unwrap());
        // All that may be done meanwhile; a writer that had to wait would give up after ten seconds.
        fill(dir.path(), name, &["c"]);
        let mut log = open(dir.path(), name);
        log.rotate().unwrap();
        let later = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(log.purge(later).unwrap().sessions, 3);
        for snapshot in snapshots {
            let report = snapshot.examine(&key.line()).unwrap();
            assert_eq!((report.entries, report.findings), (2, vec![]), "{name}");
        }
        let report = verify(&path, &key.line()).unwrap();
        assert_eq!((report.purged, report.findings), (3, vec![]), "{name}");
    }
}
