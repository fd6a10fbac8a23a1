use super::*;
use crate::rpc::fault::Code;
use crate::rpc::value::Members;
use proptest::prelude::*;

fn call(body: &str) -> Result<Call, XmlError> {
    decode_call(body.as_bytes())
}

fn response_text(answer: &Value) -> String {
    String::from_utf8(encode_response(answer).into_bytes().unwrap()).unwrap()
}

/// One parameter, as the method sees it.
fn param(xml: &str) -> Result<Value, XmlError> {
    let body = format!(
        "<?xml version='1.0'?><methodCall><methodName>m</methodName><params><param>{xml}</param>\
         </params></methodCall>"
    );
    Ok(call(&body)?.params.remove(0))
}

#[test]
fn a_response_has_the_bytes_that_python_writes() {
    let value = Value::Array(vec![
        Value::Bool(true),
        Value::Int(5),
        Value::Double(1.5),
        Value::str("a<b>&\"c'é\n\r"),
        Value::Array(vec![]),
        Value::Struct(vec![]),
        Value::Struct(vec![("a".into(), Value::Int(1))]),
        Value::Bytes(b"hello".repeat(30)),
        Value::DateTime("20260101T00:00:00".to_owned()),
    ]);
    let python = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n\
        <value><boolean>1</boolean></value>\n<value><int>5</int></value>\n\
        <value><double>1.5</double></value>\n<value><string>a&lt;b&gt;&amp;\"c'é\n\r</string></value>\n\
        <value><array><data>\n</data></array></value>\n<value><struct>\n</struct></value>\n\
        <value><struct>\n<member>\n<name>a</name>\n<value><int>1</int></value>\n</member>\n\
        </struct></value>\n<value><base64>\n\
        aGVsbG9oZWxsb2hlbGxvaGVsbG9oZWxsb2hlbGxvaGVsbG9oZWxsb2hlbGxvaGVsbG9oZWxsb2hl\n\
        bGxvaGVsbG9oZWxsb2hlbGxvaGVsbG9oZWxsb2hlbGxvaGVsbG9oZWxsb2hlbGxvaGVsbG9oZWxs\n\
        b2hlbGxvaGVsbG9oZWxsb2hlbGxvaGVsbG9oZWxsb2hlbGxv\n</base64></value>\n\
        <value><dateTime.iso8601>20260101T00:00:00</dateTime.iso8601></value>\n\
        </data></array></value>\n</param>\n</params>\n</methodResponse>\n";
    assert_eq!(response_text(&value), python);
}

#[test]
fn structs_that_are_encoded_as_they_are_made_have_the_same_bytes() {
    let write = |members: &mut dyn Members| {
        members.text("name", "a<b>é\u{1}");
        members.int("pid", -7);
        members.flag("disabled", true);
    };
    let mut structs = Vec::new();
    write(&mut structs);
    for count in [0, 1, 3] {
        let mut encoded = ArrayWriter::default();
        (0..count).for_each(|_| encoded.record(write));
        let values = Value::Array(vec![Value::Struct(structs.clone()); count]);
        assert_eq!(response_text(&encoded.finish()), response_text(&values));
    }
}

#[test]
fn a_fault_has_the_bytes_that_python_writes_and_reads_back() {
    let fault = Fault::new(Code::BadName, "x<");
    let python = "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n\
        <name>faultCode</name>\n<value><int>10</int></value>\n</member>\n<member>\n\
        <name>faultString</name>\n<value><string>BAD_NAME: x&lt;</string></value>\n</member>\n\
        </struct></value>\n</fault>\n</methodResponse>\n";
    let bytes = encode_fault(&fault);
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), python);
    assert_eq!(decode_response(&bytes), Ok(Err(fault)));
}

#[test]
fn a_call_has_the_bytes_that_python_writes_and_reads_back() {
    let call = Call {
        method: "supervisor.startProcess".to_owned(),
        params: vec![Value::str("n"), Value::Bool(true)],
    };
    let python = "<?xml version='1.0'?>\n<methodCall>\n<methodName>supervisor.startProcess\
        </methodName>\n<params>\n<param>\n<value><string>n</string></value>\n</param>\n<param>\n\
        <value><boolean>1</boolean></value>\n</param>\n</params>\n</methodCall>\n";
    let bytes = encode_call(&call);
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), python);
    assert_eq!(decode_call(&bytes), Ok(call));
}

#[test]
fn floats_are_written_as_python_writes_them() {
    let cases = [
        (1e300, "1e+300"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (-0.0, "-0.0"),
        (f64::INFINITY, "inf"),
        (1e16, "1e+16"),
        (1e15, "1000000000000000.0"),
        (1e-4, "0.0001"),
        (1e-5, "1e-05"),
        (1.5e22, "1.5e+22"),
        (123_456_789.123, "123456789.123"),
    ];
    for (number, want) in cases {
        let text = response_text(&Value::Double(number));
        assert!(text.contains(&format!("<double>{want}</double>")), "{want}: {text}");
    }
}

#[test]
fn control_characters_cannot_break_a_response() {
    let text = response_text(&Value::str("\x1b[31m\0\u{ffff}"));
    assert!(text.contains("<string>\u{fffd}[31m\u{fffd}\u{fffd}</string>"), "{text}");
}

#[test]
fn values_are_read_with_the_leniencies_of_supervisor() {
    let cases = [
        ("<value>plain</value>", Value::str("plain")),
        ("<value/>", Value::str("")),
        ("<value>\n <int> 5 </int>\n</value>", Value::Int(5)),
        ("<value><i8>1_000</i8></value>", Value::Int(1000)),
        ("<value><boolean>1</boolean></value>", Value::Bool(true)),
        ("<value><boolean>true</boolean></value>", Value::Bool(false)),
        ("<value><string/></value>", Value::str("")),
        (
            "<value><string>a&amp;b&#233;<![CDATA[<]]><!-- c -->d</string></value>",
            Value::str("a&bé<d"),
        ),
        ("<value><string>a\r\nb</string></value>", Value::str("a\nb")),
        ("<value><base64>aGVs bG8=\n</base64></value>", Value::str("hello")),
        ("<value><base64>/w==</base64></value>", Value::Bytes(vec![255])),
        ("<value><nil/></value>", Value::Nil),
        ("<value><foo>bar</foo></value>", Value::str("bar")),
        ("<value><double>3.9</double></value>", Value::Double(3.9)),
        ("<value><array><data/></array></value>", Value::Array(vec![])),
    ];
    for (xml, want) in cases {
        assert_eq!(param(xml), Ok(want), "{xml}");
    }
}

#[test]
fn a_later_member_replaces_an_earlier_one() {
    let xml = "<value><struct><member><name>a</name><value>1</value></member>\
               <member><name>a</name><value>2</value></member></struct></value>";
    assert_eq!(param(xml), Ok(Value::Struct(vec![("a".into(), Value::str("2"))])));
}

#[test]
fn a_call_may_omit_params_and_have_any_root() {
    let want = Call { method: "a.b".to_owned(), params: vec![] };
    assert_eq!(call("<x><methodName>a.b</methodName></x>"), Ok(want));
}

#[test]
fn an_invalid_call_is_rejected_with_a_reason() {
    let cases = [
        ("", "not well-formed"),
        ("hello", "not well-formed"),
        ("<a><b></a>", "not well-formed"),
        ("<a>", "not well-formed"),
        ("<a/><b/>", "not well-formed"),
        ("<a>\u{1}</a>", "not well-formed"),
        ("<a><methodName/></a>", "no method name"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a/>", "document type"),
        ("<a>&x;</a>", "unknown entity `&x;`"),
        ("<a>&#1;</a>", "unknown entity"),
        ("<a>&#xD800;</a>", "unknown entity"),
    ];
    for (body, want) in cases {
        let error = call(body).unwrap_err().to_string();
        assert!(error.contains(want), "{body}: {error}");
    }
    for xml in ["<value><int>x</int></value>", "<value><int/></value>", "<value><array/></value>"] {
        assert!(matches!(param(xml), Err(XmlError::BadValue(_))), "{xml}");
    }
}

#[test]
fn depth_and_number_of_elements_are_bounded() {
    let deep = "<a>".repeat(50_000);
    assert_eq!(call(&deep), Err(XmlError::TooDeep));
    let many = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS));
    assert_eq!(call(&many), Err(XmlError::TooManyElements(MAX_ELEMENTS)));
    let values = "<value/>".repeat(MAX_ELEMENTS);
    let list = format!("<value><array><data>{values}</data></array></value>");
    let response =
        format!("<methodResponse><params><param>{list}</param></params></methodResponse>");
    assert!(decode_response(response.as_bytes()).is_ok());
}

#[test]
fn a_response_without_a_value_is_an_error() {
    assert_eq!(decode_response(b"<methodResponse/>"), Err(XmlError::NoValue));
    assert_eq!(
        decode_response(b"<methodResponse><params/></methodResponse>"),
        Err(XmlError::NoValue)
    );
}

/// Any value that a client may send; text as XML can carry it.
fn values() -> impl Strategy<Value = Value> {
    let text = "[ -~\\n\\t\u{e9}\u{4e2d}]{0,12}";
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::Int),
        any::<bool>().prop_map(Value::Bool),
        (-1e300..1e300).prop_map(Value::Double),
        text.prop_map(Value::Str),
        Just(Value::DateTime("20261123T17:31:32".to_owned())),
        // what is text comes back as text
        proptest::collection::vec(128_u8..=191, 1..90).prop_map(Value::Bytes),
        Just(Value::Nil),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let member = (text, inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::Array),
            proptest::collection::btree_map(member.0, member.1, 0..4).prop_map(|members| {
                let member = |(name, value): (String, Value)| (name.into(), value);
                Value::Struct(members.into_iter().map(member).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn encoded_values_decode_to_themselves(params in proptest::collection::vec(values(), 0..4)) {
        let call = Call { method: "a.b".to_owned(), params };
        prop_assert_eq!(decode_call(&encode_call(&call)), Ok(call));
    }

    #[test]
    fn arbitrary_bytes_do_not_panic_the_decoder(
        parts in proptest::collection::vec(prop_oneof![
            Just(b"<a>".to_vec()),
            Just(b"</a>".to_vec()),
            Just(b"<methodName>x</methodName>".to_vec()),
            Just(b"<params><param><value>".to_vec()),
            Just(b"</value></param></params>".to_vec()),
            Just(b"<array><data>".to_vec()),
            Just(b"<struct><member><name>x</name>".to_vec()),
            Just(b"<int>".to_vec()),
            Just(b"&#x41;&lt;&x;".to_vec()),
            Just(b"<![CDATA[]]>".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..6),
        ], 0..16),
    ) {
        let bytes = parts.concat();
        let _ = (decode_call(&bytes), decode_response(&bytes));
    }
}
