package io.uk4j.example.hellohttp;

import io.uk4j.example.hellohttp.http.Handler;
import io.uk4j.example.hellohttp.http.Request;
import io.uk4j.example.hellohttp.http.Response;
import io.uk4j.example.hellohttp.http.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Finds the handler of a path. */
final class Router implements Handler {
    static final String PLAIN = "text/plain; charset=utf-8";

    /** A path, or all paths under one that ends in a slash (if it is not the root), and what may be done there. */
    private record Route(String path, String allow, Handler handler) {
        boolean covers(String candidate) {
            boolean subtree = path.length() > 1 && path.endsWith("/");
            return subtree ? candidate.startsWith(path) : candidate.equals(path);
        }
    }

    private final List<Route> routes = new ArrayList<>();

    Router get(String path, Handler handler) {
        routes.add(new Route(path, "GET, HEAD", handler));
        return this;
    }

    Router post(String path, Handler handler) {
        routes.add(new Route(path, "POST", handler));
        return this;
    }

    @Override
    public void handle(Request request, Response response) throws IOException {
        for (Route route : routes) {
            if (route.covers(request.path())) {
                if (List.of(route.allow.split(", ", -1)).contains(request.method())) {
                    route.handler.handle(request, response);
                } else {
                    response.header("Allow", route.allow)
                            .send(Status.METHOD_NOT_ALLOWED, PLAIN, "Here works: " + route.allow + "\n");
                }
                return;
            }
        }
        StringBuilder text = new StringBuilder("There is nothing here. There is something at:\n");
        routes.forEach(route -> text.append("  ").append(route.path).append('\n'));
        response.send(Status.NOT_FOUND, PLAIN, text.toString());
    }
}
