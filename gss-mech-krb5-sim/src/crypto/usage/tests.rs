use super::*;
use crate::crypto::testing::{any_key, hex, key, text};
use proptest::prelude::*;

const AES128_SHA256: (Enctype, &str) = (Enctype::Aes128Sha256, "3705D96080C17728A0E800EAB6E0D23C");
const AES256_SHA384: (Enctype, &str) =
    (Enctype::Aes256Sha384, "6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52");

/// RFC 8009 appendix A, "sample encryptions", usage 2.
#[test]
fn ciphertexts_are_those_of_rfc_8009() {
    let plain = hex("000102030405060708090A0B0C0D0E0F1011121314");
    let cases = [
        (
            AES128_SHA256,
            0,
            "7E5895EAF2672435BAD817F545A37148",
            "EF85FB890BB8472F4DAB20394DCA781DAD877EDA39D50C870C0D5A0A8E48C718",
        ),
        (
            AES128_SHA256,
            6,
            "7BCA285E2FD4130FB55B1A5C83BC5B24",
            "84D7F30754ED987BAB0BF3506BEB09CFB55402CEF7E6877CE99E247E52D16ED4421DFDF8976C",
        ),
        (
            AES128_SHA256,
            16,
            "56AB21713FF62C0A1457200F6FA9948F",
            "3517D640F50DDC8AD3628722B3569D2AE07493FA8263254080EA65C1008E8FC295FB4852E7D83E1E7C48C37EEBE6B0D3",
        ),
        (
            AES128_SHA256,
            21,
            "A7A4E29A4728CE10664FB64E49AD3FAC",
            "720F73B18D9859CD6CCB4346115CD336C70F58EDC0C4437C5573544C31C813BC\
             E1E6D072C186B39A413C2F92CA9B8334A287FFCBFC",
        ),
        (
            AES256_SHA384,
            0,
            "F764E9FA15C276478B2C7D0C4E5F58E4",
            "41F53FA5BFE7026D91FAF9BE959195A058707273A96A40F0A01960621AC612748B9BBFBE7EB4CE3C",
        ),
        (
            AES256_SHA384,
            6,
            "B80D3251C1F6471494256FFE712D0B9A",
            "4ED7B37C2BCAC8F74F23C1CF07E62BC7B75FB3F637B9F559C7F664F69EAB7B6092237526EA0D1F61CB20D69D10F2",
        ),
        (
            AES256_SHA384,
            16,
            "53BF8A0D105265D4E276428624CE5E63",
            "BC47FFEC7998EB91E8115CF8D19DAC4BBBE2E163E87DD37F49BECA92027764F6\
             8CF51F14D798C2273F35DF574D1F932E40C4FF255B36A266",
        ),
        (
            AES256_SHA384,
            21,
            "763E65367E864F02F55153C7E3B58AF1",
            "40013E2DF58E8751957D2878BCD2D6FE101CCFD556CB1EAE79DB3C3EE86429F2\
             B2A602AC86FEF6ECB647D6295FAE077A1FEB517508D2C16B4192E01F62",
        ),
    ];
    for ((enctype, base), len, confounder, ciphertext) in cases {
        let keys = key(enctype, base).usage_keys(2).unwrap();
        let mut body = hex(confounder);
        body.extend(&plain[..len]);
        let mut checksum = vec![0; enctype.mac_len()];
        keys.seal_with(&mut body, &mut [], &mut checksum);
        body.extend(checksum);
        assert_eq!(body, hex(ciphertext), "{enctype}, {len} bytes");
        assert_eq!(keys.open(&mut body).map(|plain| &*plain), Ok(&plain[..len]));
    }
}

/// What MIT's own tests hold: usages 0 to 4.
#[test]
fn ciphertexts_of_mit_are_understood() {
    let plain = ["", "1", "9 bytesss", "13 bytes byte", "30 bytes bytes bytes bytes byt"];
    let short = [
        ("5A5C0F0BA54F3828B2195E66CA24A289", "49FF8E11C173D9583A3254FBE7B1F1DF36C538E8416784A1672E6676"),
        ("98450E3F3BAA13F5C99BEB936981B06F", "F86742F537B35DC2174A4DBAA920FAF9042090B065E1EBB1CAD9A65394"),
        (
            "9062430C8CDA3388922E6D6A509F5B7A",
            "68FB9679601F45C78857B2BF820FD6E53ECA8D42FD4B1D7024A09205ABB7CD2EC26C355D2F",
        ),
        (
            "033EE6502C54FD23E27791E987983827",
            "EC366D0327A933BF49330E650E49BC6B974637FE80BF532FE51795B4809718E6194724DB948D1FD637",
        ),
        (
            "DCEEB70B3DE76562E689226C76429148",
            "C96081032D5D8EEB7E32B4089F789D0FAA481DEA74C0F97CBF3146DDFCF8E800\
             156ECB532FC203E30FF600B63B350939FECE510F02D7FF1E7BAC",
        ),
    ];
    let long = [
        (
            "17F275F2954F2ED1F90C377BA7F4D6A369AA0136E0BF0C927AD6133C693759A9",
            "E5094C55EE7B38262E2B044280B069379A95BF95BD8376FB3281B435",
        ),
        (
            "B9477E1FF0329C0050E20CE6C72D2DFF27E8FE541AB0954429A9CB5B4F7B1E2A",
            "406150B97AEB76D43B36B62CC1ECDFBE6F40E95755E0BEB5C27825F3A4",
        ),
        (
            "B1AE4CD8462AFF1677053CC9279AAC30B796FB81CE21474DD3DDBCFEA4EC76D7",
            "09957AA25FCAF88F7B39E4406E633012D5FEA21853F6478DA7065CAEF41FD454A40824EEC5",
        ),
        (
            "E5A72BE9B7926C1225BAFEF9C1872E7BA4CDB2B17893D84ABD90ACDD8764D966",
            "D8F1AAFEEC84587CC3E700A774E56651A6D693E174EC4473B5E6D96F80297A653FB818AD893E719F96",
        ),
        (
            "F1C795E9248A09338D82C3F8D5B567040B0110736845041347235B1404231398",
            "D1137A4D634CFECE924DBC3BF6790648BD5CFF7DE0E7B99460211D0DAEF3D79A\
             295C688858F3B34B9CBD6EEBAE81DAF6B734D4D498B6714F1C1D",
        ),
    ];
    for (enctype, cases) in [(Enctype::Aes128Sha1, short), (Enctype::Aes256Sha1, long)] {
        for (usage, (base, ciphertext)) in (0..).zip(cases) {
            let opened = key(enctype, base).decrypt(usage, &hex(ciphertext)).unwrap();
            assert_eq!(*opened, plain[usage as usize].as_bytes(), "{enctype} {usage}");
        }
    }
}

fn sealed(keys: &UsageKeys, plain: &[u8]) -> Vec<u8> {
    let mut buffer = vec![0; CONFOUNDER];
    buffer.extend(plain);
    buffer.resize(buffer.len() + keys.enctype().mac_len(), 0);
    keys.seal(&mut buffer).unwrap();
    buffer
}

#[test]
fn every_length_comes_back() {
    for enctype in Enctype::ALL {
        let keys = any_key(enctype, 1).usage_keys(24).unwrap();
        for len in (0..=300).chain([1024, 4095, 4096, 65_536, 70_001]) {
            let plain = text(len, 7);
            let mut buffer = sealed(&keys, &plain);
            assert_eq!(buffer.len(), len + enctype.overhead());
            assert!(len < 8 || !buffer.windows(len).any(|part| part == plain), "{enctype} {len}");
            assert_eq!(keys.open(&mut buffer), Ok(&mut plain.clone()[..]), "{enctype} {len}");
        }
    }
}

#[test]
fn equal_messages_have_different_ciphertexts() {
    for enctype in Enctype::ALL {
        let keys = any_key(enctype, 1).usage_keys(24).unwrap();
        assert_ne!(sealed(&keys, b"attack at dawn"), sealed(&keys, b"attack at dawn"));
    }
}

#[test]
fn every_altered_byte_is_noticed_and_no_plaintext_is_left() {
    for enctype in Enctype::ALL {
        let keys = any_key(enctype, 1).usage_keys(22).unwrap();
        for len in [0, 1, 15, 16, 17, 40] {
            let plain = text(len, 2);
            let good = sealed(&keys, &plain);
            for at in 0..good.len() {
                for bit in [0x01, 0x10, 0x80] {
                    let mut altered = good.clone();
                    altered[at] ^= bit;
                    let before = altered.clone();
                    assert_eq!(keys.open(&mut altered), Err(Error::Integrity), "{enctype} {len} byte {at}");
                    let body = len + CONFOUNDER;
                    if enctype.encrypts_then_macs() {
                        assert_eq!(altered, before);
                    } else {
                        assert_eq!(altered[..body], vec![0; body]);
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_cut_or_longer_is_refused() {
    for enctype in Enctype::ALL {
        let keys = any_key(enctype, 1).usage_keys(22).unwrap();
        let good = sealed(&keys, &text(40, 2));
        for len in 0..good.len() {
            let refused = keys.open(&mut good[..len].to_vec()).err();
            let short = len < enctype.overhead();
            let expected = if short { Error::TooShort { enctype, actual: len } } else { Error::Integrity };
            assert_eq!(refused, Some(expected), "{enctype} {len}");
            assert_eq!(keys.seal(&mut good[..len].to_vec()).is_err(), short);
        }
        let longer = [&good[..], &[0]].concat();
        assert_eq!(keys.open(&mut longer.clone()), Err(Error::Integrity));
    }
}

#[test]
fn another_key_usage_or_type_is_refused() {
    for enctype in Enctype::ALL {
        let good = sealed(&any_key(enctype, 1).usage_keys(22).unwrap(), b"message");
        let others = Enctype::ALL.iter().filter(|other| **other != enctype).map(|other| (any_key(*other, 1), 22));
        for (key, usage) in others.chain([(any_key(enctype, 2), 22), (any_key(enctype, 1), 24)]) {
            let refused = key.usage_keys(usage).unwrap().open(&mut good.clone()).err();
            let short = Error::TooShort { enctype: key.enctype(), actual: good.len() };
            assert!(refused == Some(Error::Integrity) || refused == Some(short), "{enctype} {key:?} {usage}");
        }
    }
}

#[test]
fn checksums_of_another_length_are_refused_in_pieces() {
    for enctype in Enctype::ALL {
        let keys = any_key(enctype, 1).usage_keys(22).unwrap();
        for actual in (0..40).filter(|len| *len != enctype.mac_len()) {
            let error = Error::ChecksumLength { enctype, actual };
            let mut data = *b"data";
            let sealed = keys.seal_pieces(&mut [0; 16], &mut [Piece::Data(&mut data)], &mut vec![0; actual]);
            assert_eq!(sealed, Err(error));
            assert_eq!(keys.open_pieces(&mut [0; 16], &mut [Piece::Data(&mut data)], &vec![0; actual]), Err(error));
            assert_eq!(&data, b"data");
        }
    }
}

/// A message cut into pieces: the length of each, and whether it is only signed.
fn cuts() -> impl Strategy<Value = Vec<(usize, bool)>> {
    let len = prop_oneof![0_usize..4, 0_usize..40, Just(16), Just(64), 0_usize..700];
    proptest::collection::vec((len, proptest::bool::weighted(0.3)), 0..9)
}

fn any_enctype() -> impl Strategy<Value = Enctype> {
    proptest::sample::select(Enctype::ALL.to_vec())
}

fn lend<'a>(parts: &'a mut [(Vec<u8>, bool)]) -> Vec<Piece<'a>> {
    let lend = |(bytes, signed): &'a mut (Vec<u8>, bool)| {
        if *signed { Piece::Signed(bytes) } else { Piece::Data(bytes) }
    };
    parts.iter_mut().map(lend).collect()
}

/// Plainly, what the specifications say of pieces: one ciphertext over the data; the checksum over all, in order,
/// before or after.
fn reference(
    enctype: Enctype,
    confounder: &[u8],
    parts: &[(Vec<u8>, bool)],
    keys: &UsageKeys,
    base: &crate::crypto::Key,
) -> (Vec<u8>, Vec<u8>) {
    use crate::crypto::derive::Purpose;
    let mut data = confounder.to_vec();
    parts.iter().filter(|(_, signed)| !signed).for_each(|(bytes, _)| data.extend(bytes));
    keys.seal_with(&mut data, &mut [], &mut vec![0; enctype.mac_len()]);
    let [ki] = base.deriver().unwrap().derive(22, [Purpose::Integrity]);
    let mut seen = Vec::new();
    if enctype.encrypts_then_macs() {
        seen.extend([0; 16]);
        seen.extend(&data[..16]);
    } else {
        seen.extend(confounder);
    }
    let mut at = CONFOUNDER;
    for (bytes, signed) in parts {
        if *signed {
            seen.extend(bytes);
            continue;
        }
        seen.extend(if enctype.encrypts_then_macs() { &data[at..at + bytes.len()] } else { bytes });
        at += bytes.len();
    }
    let checksum = crate::crypto::ChecksumKey::new(enctype, ki.bytes()).unwrap().sign([&seen[..]]).to_vec();
    (data, checksum)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_are_sealed_like_one_buffer(enctype in any_enctype(), cuts in cuts(), seed: u8) {
        let base = any_key(enctype, 1);
        let keys = base.usage_keys(22).unwrap();
        let plain: Vec<_> =
            cuts.iter().map(|(len, signed)| (text(*len, seed.wrapping_add(*len as u8)), *signed)).collect();
        let mut confounder: [u8; CONFOUNDER] = text(CONFOUNDER, seed).try_into().unwrap();
        let (data, sum) = reference(enctype, &confounder, &plain, &keys, &base);

        let mut parts = plain.clone();
        let mut checksum = vec![0; enctype.mac_len()];
        keys.seal_with(&mut confounder, &mut lend(&mut parts), &mut checksum);
        let sealed: Vec<u8> = confounder
            .into_iter()
            .chain(parts.iter().filter(|(_, signed)| !signed).flat_map(|(bytes, _)| bytes.clone()))
            .collect();
        prop_assert_eq!(&sealed, &data);
        prop_assert_eq!(&checksum, &sum);

        prop_assert_eq!(keys.open_pieces(&mut confounder, &mut lend(&mut parts), &checksum), Ok(()));
        prop_assert_eq!(&parts, &plain);
    }

    #[test]
    fn pieces_altered_anywhere_are_refused(
        enctype in any_enctype(),
        cuts in cuts(),
        which: proptest::sample::Index,
        bit in 0_u8..8,
    ) {
        let keys = any_key(enctype, 1).usage_keys(22).unwrap();
        let mut parts: Vec<_> = cuts.iter().map(|(len, signed)| (text(*len, 9), *signed)).collect();
        let mut confounder = [0; CONFOUNDER];
        let mut checksum = vec![0; enctype.mac_len()];
        keys.seal_pieces(&mut confounder, &mut lend(&mut parts), &mut checksum).unwrap();

        let mut all: Vec<_> = confounder
            .iter_mut()
            .chain(parts.iter_mut().flat_map(|(bytes, _)| bytes))
            .chain(&mut checksum)
            .collect();
        let at = which.index(all.len());
        *all[at] ^= 1 << bit;
        let before = parts.clone();
        prop_assert_eq!(
            keys.open_pieces(&mut confounder, &mut lend(&mut parts), &checksum),
            Err(Error::Integrity)
        );
        for ((after, signed), (before, _)) in parts.iter().zip(&before) {
            let kept = *signed || enctype.encrypts_then_macs();
            prop_assert_eq!(after, &if kept { before.clone() } else { vec![0; before.len()] });
        }
    }
}

/// The primitives wipe themselves, and so all that is made of them. (HMAC does it without saying so: it is made of
/// the state of a hash, which wipes itself, and a buffer, which does too.)
#[test]
fn what_holds_keys_wipes_itself() {
    fn wipes<T: zeroize::ZeroizeOnDrop>() {}
    wipes::<Aes128>();
    wipes::<Aes256>();
    wipes::<Sha1>();
    wipes::<Sha256>();
    wipes::<Sha384>();
    wipes::<hmac::digest::block_api::Buffer<hmac::block_api::HmacCore<Sha1>>>();
}
