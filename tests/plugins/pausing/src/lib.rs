//! krb5-sim with the faults of the dummy around it: `delay=import_context:1` is a system call in the midst of an import.

gss_plugin::export_mechanism!(gss_mech_dummy::Faulty<gss_mech_krb5_sim::Krb5Sim>);
