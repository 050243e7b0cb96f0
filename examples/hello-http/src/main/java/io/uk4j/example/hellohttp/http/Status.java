package io.uk4j.example.hellohttp.http;

/** The status codes that this server answers with (RFC 9110, section 15). */
public final class Status {
    /** The request succeeded. */
    public static final int OK = 200;

    /** The request is malformed. */
    public static final int BAD_REQUEST = 400;

    /** There is no such resource. */
    public static final int NOT_FOUND = 404;

    /** The resource knows the method but does not support it. */
    public static final int METHOD_NOT_ALLOWED = 405;

    static final int REQUEST_TIMEOUT = 408;
    static final int CONTENT_TOO_LARGE = 413;
    static final int URI_TOO_LONG = 414;
    static final int EXPECTATION_FAILED = 417;
    static final int HEADER_TOO_LARGE = 431;
    static final int INTERNAL_ERROR = 500;
    static final int NOT_IMPLEMENTED = 501;
    static final int VERSION_NOT_SUPPORTED = 505;

    private Status() {}

    static String phrase(int status) {
        return switch (status) {
            case OK -> "OK";
            case BAD_REQUEST -> "Bad Request";
            case NOT_FOUND -> "Not Found";
            case METHOD_NOT_ALLOWED -> "Method Not Allowed";
            case REQUEST_TIMEOUT -> "Request Timeout";
            case CONTENT_TOO_LARGE -> "Content Too Large";
            case URI_TOO_LONG -> "URI Too Long";
            case EXPECTATION_FAILED -> "Expectation Failed";
            case HEADER_TOO_LARGE -> "Request Header Fields Too Large";
            case INTERNAL_ERROR -> "Internal Server Error";
            case NOT_IMPLEMENTED -> "Not Implemented";
            case VERSION_NOT_SUPPORTED -> "HTTP Version Not Supported";
            default -> "Status " + status;
        };
    }
}
