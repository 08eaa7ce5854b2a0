//! The exported data: pointers to OIDs that programs use by name (`GSS_C_NT_USER_NAME`). All are made at compile time,
//! since a program's copy of one is taken before any code of ours runs. Names with one value share one object.

use crate::types::*;
use std::arch::global_asm;
use std::ptr;

/// An OID that is read only.
#[repr(transparent)]
struct Object(gss_OID_desc);
// SAFETY: never written to, and its elements are static.
unsafe impl Sync for Object {}

/// A variable of the headers: a pointer to something that is read only.
#[repr(transparent)]
pub(crate) struct Pointer<T>(*const T);
// SAFETY: never written to by us, and what it points to is static.
unsafe impl<T> Sync for Pointer<T> {}

const fn object(octets: &'static [u8]) -> Object {
    Object(gss_OID_desc { length: octets.len() as OM_uint32, elements: octets.as_ptr().cast_mut().cast() })
}

macro_rules! objects {
    ($($name:ident = $octets:literal;)*) => {
        $(static $name: Object = object($octets);)*
        /// Each object with its octets.
        static OBJECTS: &[(&[u8], &Object)] = &[
            (KRB5, &KERBEROS[0]), (KRB5_OLD, &KERBEROS[1]), (KRB5_WRONG, &KERBEROS[2]), $(($octets, &$name)),*
        ];
    };
}

macro_rules! variables {
    ($($name:ident: $type:ty = $object:expr;)*) => {
        $(
            /// See the header.
            #[unsafe(no_mangle)]
            #[allow(non_upper_case_globals)]
            pub(crate) static $name: Pointer<$type> = Pointer($object);
            global_asm!(concat!(".symver ", stringify!($name), ", ", stringify!($name), "@@GSS_1.0"));
        )*
    };
}

objects! {
    // 1.2.840.113554.1.2.1.1
    USER_NAME = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x01";
    // 1.2.840.113554.1.2.1.2
    MACHINE_UID_NAME = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x02";
    // 1.2.840.113554.1.2.1.3
    STRING_UID_NAME = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x03";
    // 1.2.840.113554.1.2.1.4
    HOSTBASED_SERVICE = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04";
    // 1.3.6.1.5.6.2
    HOSTBASED_SERVICE_X = b"\x2b\x06\x01\x05\x06\x02";
    // 1.3.6.1.5.6.3
    ANONYMOUS = b"\x2b\x06\x01\x05\x06\x03";
    // 1.3.6.1.5.6.4
    EXPORT_NAME = b"\x2b\x06\x01\x05\x06\x04";
    // 1.3.6.1.5.6.6
    COMPOSITE_EXPORT = b"\x2b\x06\x01\x05\x06\x06";
    // 1.3.6.1.5.5.13.1
    MECH_CONCRETE = b"\x2b\x06\x01\x05\x05\x0d\x01";
    // 1.3.6.1.5.5.13.2
    MECH_PSEUDO = b"\x2b\x06\x01\x05\x05\x0d\x02";
    // 1.3.6.1.5.5.13.3
    MECH_COMPOSITE = b"\x2b\x06\x01\x05\x05\x0d\x03";
    // 1.3.6.1.5.5.13.4
    MECH_NEGO = b"\x2b\x06\x01\x05\x05\x0d\x04";
    // 1.3.6.1.5.5.13.5
    MECH_GLUE = b"\x2b\x06\x01\x05\x05\x0d\x05";
    // 1.3.6.1.5.5.13.6
    NOT_MECH = b"\x2b\x06\x01\x05\x05\x0d\x06";
    // 1.3.6.1.5.5.13.7
    DEPRECATED = b"\x2b\x06\x01\x05\x05\x0d\x07";
    // 1.3.6.1.5.5.13.8
    NOT_DFLT_MECH = b"\x2b\x06\x01\x05\x05\x0d\x08";
    // 1.3.6.1.5.5.13.9
    ITOK_FRAMED = b"\x2b\x06\x01\x05\x05\x0d\x09";
    // 1.3.6.1.5.5.13.10
    AUTH_INIT = b"\x2b\x06\x01\x05\x05\x0d\x0a";
    // 1.3.6.1.5.5.13.11
    AUTH_TARG = b"\x2b\x06\x01\x05\x05\x0d\x0b";
    // 1.3.6.1.5.5.13.12
    AUTH_INIT_INIT = b"\x2b\x06\x01\x05\x05\x0d\x0c";
    // 1.3.6.1.5.5.13.13
    AUTH_TARG_INIT = b"\x2b\x06\x01\x05\x05\x0d\x0d";
    // 1.3.6.1.5.5.13.14
    AUTH_INIT_ANON = b"\x2b\x06\x01\x05\x05\x0d\x0e";
    // 1.3.6.1.5.5.13.15
    AUTH_TARG_ANON = b"\x2b\x06\x01\x05\x05\x0d\x0f";
    // 1.3.6.1.5.5.13.16
    DELEG_CRED = b"\x2b\x06\x01\x05\x05\x0d\x10";
    // 1.3.6.1.5.5.13.17
    INTEG_PROT = b"\x2b\x06\x01\x05\x05\x0d\x11";
    // 1.3.6.1.5.5.13.18
    CONF_PROT = b"\x2b\x06\x01\x05\x05\x0d\x12";
    // 1.3.6.1.5.5.13.19
    MIC = b"\x2b\x06\x01\x05\x05\x0d\x13";
    // 1.3.6.1.5.5.13.20
    WRAP = b"\x2b\x06\x01\x05\x05\x0d\x14";
    // 1.3.6.1.5.5.13.21
    PROT_READY = b"\x2b\x06\x01\x05\x05\x0d\x15";
    // 1.3.6.1.5.5.13.22
    REPLAY_DET = b"\x2b\x06\x01\x05\x05\x0d\x16";
    // 1.3.6.1.5.5.13.23
    OOS_DET = b"\x2b\x06\x01\x05\x05\x0d\x17";
    // 1.3.6.1.5.5.13.24
    CBINDINGS = b"\x2b\x06\x01\x05\x05\x0d\x18";
    // 1.3.6.1.5.5.13.25
    PFS = b"\x2b\x06\x01\x05\x05\x0d\x19";
    // 1.3.6.1.5.5.13.26
    COMPRESS = b"\x2b\x06\x01\x05\x05\x0d\x1a";
    // 1.3.6.1.5.5.13.27
    CTX_TRANS = b"\x2b\x06\x01\x05\x05\x0d\x1b";
    // 1.2.840.113554.1.2.2.5.5
    INQ_SSPI_SESSION_KEY = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05";
    // 1.2.840.113554.1.2.2.5.15
    SASL_SSF = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x0f";
    // 1.2.840.113554.1.2.2.5.16
    INQ_NEGOEX_KEY = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x10";
    // 1.2.840.113554.1.2.2.5.17
    INQ_NEGOEX_VERIFY_KEY = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x11";
    // 1.2.840.113554.1.2.2.5.18
    NEGOEX_AND_SPNEGO = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x12";
    // 1.2.840.113554.1.2.2.5.14
    GET_CRED_IMPERSONATOR = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x0e";
    // 1.2.752.43.13.29
    CRED_NO_CI_FLAGS_X = b"\x2a\x85\x70\x2b\x0d\x1d";
    // 1.2.840.113554.1.2.2.1
    KRB5_PRINCIPAL_NAME = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01";
    // 1.2.840.113554.1.2.2.2
    KRB5_PRINCIPAL = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x02";
    // 1.2.840.113554.1.2.2.6
    KRB5_ENTERPRISE_NAME = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x06";
    // 1.2.840.113554.1.2.2.7
    KRB5_X509_CERT = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x07";
    // 1.3.6.1.5.2.5
    IAKERB = b"\x2b\x06\x01\x05\x02\x05";
}

/// A set that is read only.
#[repr(transparent)]
struct Set(gss_OID_set_desc);
// SAFETY: never written to, and its elements are static.
unsafe impl Sync for Set {}

/// 1.2.840.113554.1.2.2
const KRB5: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
/// 1.3.5.1.5.2
const KRB5_OLD: &[u8] = b"\x2b\x05\x01\x05\x02";
/// 1.2.840.48018.1.2.2
const KRB5_WRONG: &[u8] = b"\x2a\x86\x48\x82\xf7\x12\x01\x02\x02";

/// Objects in a row, since they are elements of sets too; the set of "both" holds all three, as MIT has it.
static KERBEROS: [Object; 3] = [object(KRB5), object(KRB5_OLD), object(KRB5_WRONG)];
const fn set(first: usize, count: usize) -> Set {
    Set(gss_OID_set_desc { count, elements: (&raw const KERBEROS[first]).cast_mut().cast() })
}
static SET_KRB5: Set = set(0, 1);
static SET_KRB5_OLD: Set = set(1, 1);
static SET_KRB5_BOTH: Set = set(0, 3);

/// A buffer that is read only.
#[repr(transparent)]
struct Buffer(gss_buffer_desc);
// SAFETY: never written to, and its value is static.
unsafe impl Sync for Buffer {}
static LOCAL_LOGIN_USER: Buffer = {
    const TEXT: &[u8] = b"local-login-user";
    Buffer(gss_buffer_desc { length: TEXT.len(), value: TEXT.as_ptr().cast_mut().cast() })
};

variables! {
    GSS_C_NT_USER_NAME: gss_OID_desc = &raw const USER_NAME.0;
    GSS_C_NT_MACHINE_UID_NAME: gss_OID_desc = &raw const MACHINE_UID_NAME.0;
    GSS_C_NT_STRING_UID_NAME: gss_OID_desc = &raw const STRING_UID_NAME.0;
    GSS_C_NT_HOSTBASED_SERVICE: gss_OID_desc = &raw const HOSTBASED_SERVICE.0;
    GSS_C_NT_HOSTBASED_SERVICE_X: gss_OID_desc = &raw const HOSTBASED_SERVICE_X.0;
    GSS_C_NT_ANONYMOUS: gss_OID_desc = &raw const ANONYMOUS.0;
    GSS_C_NT_EXPORT_NAME: gss_OID_desc = &raw const EXPORT_NAME.0;
    GSS_C_NT_COMPOSITE_EXPORT: gss_OID_desc = &raw const COMPOSITE_EXPORT.0;
    GSS_C_MA_MECH_CONCRETE: gss_OID_desc = &raw const MECH_CONCRETE.0;
    GSS_C_MA_MECH_PSEUDO: gss_OID_desc = &raw const MECH_PSEUDO.0;
    GSS_C_MA_MECH_COMPOSITE: gss_OID_desc = &raw const MECH_COMPOSITE.0;
    GSS_C_MA_MECH_NEGO: gss_OID_desc = &raw const MECH_NEGO.0;
    GSS_C_MA_MECH_GLUE: gss_OID_desc = &raw const MECH_GLUE.0;
    GSS_C_MA_NOT_MECH: gss_OID_desc = &raw const NOT_MECH.0;
    GSS_C_MA_DEPRECATED: gss_OID_desc = &raw const DEPRECATED.0;
    GSS_C_MA_NOT_DFLT_MECH: gss_OID_desc = &raw const NOT_DFLT_MECH.0;
    GSS_C_MA_ITOK_FRAMED: gss_OID_desc = &raw const ITOK_FRAMED.0;
    GSS_C_MA_AUTH_INIT: gss_OID_desc = &raw const AUTH_INIT.0;
    GSS_C_MA_AUTH_TARG: gss_OID_desc = &raw const AUTH_TARG.0;
    GSS_C_MA_AUTH_INIT_INIT: gss_OID_desc = &raw const AUTH_INIT_INIT.0;
    GSS_C_MA_AUTH_TARG_INIT: gss_OID_desc = &raw const AUTH_TARG_INIT.0;
    GSS_C_MA_AUTH_INIT_ANON: gss_OID_desc = &raw const AUTH_INIT_ANON.0;
    GSS_C_MA_AUTH_TARG_ANON: gss_OID_desc = &raw const AUTH_TARG_ANON.0;
    GSS_C_MA_DELEG_CRED: gss_OID_desc = &raw const DELEG_CRED.0;
    GSS_C_MA_INTEG_PROT: gss_OID_desc = &raw const INTEG_PROT.0;
    GSS_C_MA_CONF_PROT: gss_OID_desc = &raw const CONF_PROT.0;
    GSS_C_MA_MIC: gss_OID_desc = &raw const MIC.0;
    GSS_C_MA_WRAP: gss_OID_desc = &raw const WRAP.0;
    GSS_C_MA_PROT_READY: gss_OID_desc = &raw const PROT_READY.0;
    GSS_C_MA_REPLAY_DET: gss_OID_desc = &raw const REPLAY_DET.0;
    GSS_C_MA_OOS_DET: gss_OID_desc = &raw const OOS_DET.0;
    GSS_C_MA_CBINDINGS: gss_OID_desc = &raw const CBINDINGS.0;
    GSS_C_MA_PFS: gss_OID_desc = &raw const PFS.0;
    GSS_C_MA_COMPRESS: gss_OID_desc = &raw const COMPRESS.0;
    GSS_C_MA_CTX_TRANS: gss_OID_desc = &raw const CTX_TRANS.0;
    GSS_C_INQ_SSPI_SESSION_KEY: gss_OID_desc = &raw const INQ_SSPI_SESSION_KEY.0;
    GSS_C_INQ_NEGOEX_KEY: gss_OID_desc = &raw const INQ_NEGOEX_KEY.0;
    GSS_C_INQ_NEGOEX_VERIFY_KEY: gss_OID_desc = &raw const INQ_NEGOEX_VERIFY_KEY.0;
    GSS_C_MA_NEGOEX_AND_SPNEGO: gss_OID_desc = &raw const NEGOEX_AND_SPNEGO.0;
    GSS_C_SEC_CONTEXT_SASL_SSF: gss_OID_desc = &raw const SASL_SSF.0;
    GSS_KRB5_NT_PRINCIPAL_NAME: gss_OID_desc = &raw const KRB5_PRINCIPAL_NAME.0;
    GSS_KRB5_NT_ENTERPRISE_NAME: gss_OID_desc = &raw const KRB5_ENTERPRISE_NAME.0;
    GSS_KRB5_NT_X509_CERT: gss_OID_desc = &raw const KRB5_X509_CERT.0;
    GSS_KRB5_CRED_NO_CI_FLAGS_X: gss_OID_desc = &raw const CRED_NO_CI_FLAGS_X.0;
    GSS_KRB5_GET_CRED_IMPERSONATOR: gss_OID_desc = &raw const GET_CRED_IMPERSONATOR.0;
    gss_mech_krb5: gss_OID_desc = &raw const KERBEROS[0].0;
    gss_mech_krb5_old: gss_OID_desc = &raw const KERBEROS[1].0;
    gss_mech_krb5_wrong: gss_OID_desc = &raw const KERBEROS[2].0;
    gss_mech_iakerb: gss_OID_desc = &raw const IAKERB.0;
    gss_nt_krb5_name: gss_OID_desc = &raw const KRB5_PRINCIPAL_NAME.0;
    gss_nt_krb5_principal: gss_OID_desc = &raw const KRB5_PRINCIPAL.0;
    gss_nt_user_name: gss_OID_desc = &raw const USER_NAME.0;
    gss_nt_machine_uid_name: gss_OID_desc = &raw const MACHINE_UID_NAME.0;
    gss_nt_string_uid_name: gss_OID_desc = &raw const STRING_UID_NAME.0;
    gss_nt_service_name: gss_OID_desc = &raw const HOSTBASED_SERVICE.0;
    gss_nt_service_name_v2: gss_OID_desc = &raw const HOSTBASED_SERVICE_X.0;
    gss_nt_exported_name: gss_OID_desc = &raw const EXPORT_NAME.0;
    gss_mech_set_krb5: gss_OID_set_desc = &raw const SET_KRB5.0;
    gss_mech_set_krb5_old: gss_OID_set_desc = &raw const SET_KRB5_OLD.0;
    gss_mech_set_krb5_both: gss_OID_set_desc = &raw const SET_KRB5_BOTH.0;
    GSS_C_ATTR_LOCAL_LOGIN_USER: gss_buffer_desc = &raw const LOCAL_LOGIN_USER.0;
}

/// The exported object with these octets, and its octets.
pub(crate) fn known(octets: &[u8]) -> Option<(&'static [u8], gss_OID)> {
    let (octets, object) = OBJECTS.iter().find(|(known, _)| *known == octets)?;
    Some((octets, ptr::from_ref(&object.0).cast_mut()))
}

/// Whether an object is one of the exported ones.
pub(crate) fn is_exported(object: gss_OID) -> bool {
    OBJECTS.iter().any(|(_, known)| ptr::eq(ptr::from_ref(&known.0), object))
}
