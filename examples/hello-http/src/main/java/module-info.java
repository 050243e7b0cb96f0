/** An appliance that speaks HTTP/1.1. */
@org.jspecify.annotations.NullMarked
module io.uk4j.example.hellohttp {
    requires io.uk4j.core;
    requires static org.jspecify;
}
