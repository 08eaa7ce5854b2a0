//! What is measured: contexts of the dummy mechanism, made through the switch and without it.

use gss_core::config::Sources;
use gss_core::{Context, Flags, Gss, Oid};
use gss_mech_dummy::{Dummy, DummyContext, Faulty};
use gss_plugin_abi::host::{Initiate, PluginContext, PluginMechanism};
use gss_plugin_abi::{InitiatorLeg, Lifetime, Line, MechError, Mechanism, Output, SecurityContext};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The dummy's OID.
pub(crate) static DUMMY: Oid = Oid::from_static(b"\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x02");

/// One leg, so that an initiator is established by itself.
const OPTIONS: &str = "legs=1,lifetime=3600";

/// A folder with the dummy plugin and a config.
pub(crate) struct Site(TempDir);

impl Site {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        gss_benches::install("libgss_mech_dummy.so", folder.path());
        let line = format!("dummy {DUMMY} libgss_mech_dummy.so [{OPTIONS}]\n");
        fs::write(folder.path().join("plugins.conf"), line).expect("a temporary file");
        Self(folder)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder().join("plugins.conf")
    }

    pub(crate) fn gss(&self) -> Gss {
        Gss::with(Sources::file(self.config()).plugin_dir(self.folder()))
    }
}

/// An established pair through the switch: initiator and acceptor.
pub(crate) fn pair(gss: &Gss) -> (Context, Context) {
    let target = gss.name(b"bench@localhost", None);
    let credential = gss.credential().mechanism(&DUMMY).acquire().expect("the dummy has a credential");
    let mut initiator = gss.initiator(&target).mechanism(&DUMMY).flags(Flags::REPLAY | Flags::SEQUENCE);
    let mut acceptor = gss.acceptor().credential(&credential);
    let token = initiator.step(b"").expect("the dummy starts").token;
    acceptor.step(&token).expect("the dummy accepts");
    (initiator.into_context().expect("one leg"), acceptor.into_context().expect("one leg"))
}

fn with_leg<M: Mechanism, R>(mechanism: &M, run: impl FnOnce(InitiatorLeg<'_, M>) -> R) -> R {
    let target = mechanism.import_name(b"bench@localhost", None).expect("a good name");
    run(InitiatorLeg {
        credential: None,
        target: &target,
        mechanism: &DUMMY,
        flags: Flags::REPLAY | Flags::SEQUENCE,
        lifetime: Lifetime::DEFAULT,
        bindings: None,
        input: b"",
    })
}

fn line() -> Line<'static> {
    Line { name: "dummy", oid: &DUMMY, aliases: &[], options: OPTIONS, place: "bench:1" }
}

/// A context without any switch: the mechanism's own Rust object.
pub(crate) struct Direct(DummyContext);

impl Direct {
    pub(crate) fn new() -> Self {
        let dummy = Dummy::open(&line()).expect("good options");
        Self(with_leg(&dummy, |leg| dummy.initiate(leg)).expect("the dummy starts").0)
    }

    // Kept out of line, as a call into another library is.
    #[inline(never)]
    pub(crate) fn context_time(&self) -> Result<Lifetime, MechError> {
        self.0.context_time()
    }

    #[inline(never)]
    pub(crate) fn get_mic(&self, message: &[u8]) -> Result<Vec<u8>, MechError> {
        let mut mic = Vec::new();
        self.0.get_mic(0, message, &mut Output::over(&mut mic))?;
        Ok(mic)
    }

    /// The same as an object of the ABI, of the type that the plugin exports.
    pub(crate) fn guarded() -> PluginContext {
        let mechanism = PluginMechanism::new(Faulty::<Dummy>::open(&line()).expect("good options"));
        let target = mechanism.import_name(b"bench@localhost", None).expect("a good name");
        let leg = Initiate {
            credential: None,
            target: &target,
            mechanism: &DUMMY,
            flags: Flags::REPLAY | Flags::SEQUENCE,
            lifetime: Lifetime::DEFAULT,
            bindings: None,
            input: b"",
        };
        mechanism.initiate(&leg).expect("the dummy starts").0
    }
}
