// An HTTP handler: answers with the method, the path and the body of the request.
use std::io::{Read, Write};
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Handler;

impl wasip2::exports::http::incoming_handler::Guest for Handler {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let mut text = format!("{:?} {}\n", request.method(), request.path_with_query().unwrap_or_default());
        let incoming = request.consume().unwrap();
        incoming.stream().unwrap().read_to_string(&mut text).unwrap();
        drop(incoming);

        let headers = Fields::new();
        headers.append("x-length", text.len().to_string().as_bytes()).unwrap();
        let response = OutgoingResponse::new(headers);
        let body = response.body().unwrap();
        ResponseOutparam::set(outparam, Ok(response));
        let mut out = body.write().unwrap();
        out.write_all(text.as_bytes()).unwrap();
        out.flush().unwrap();
        drop(out);
        OutgoingBody::finish(body, None).unwrap();
    }
}

wasip2::http::proxy::export!(Handler);
