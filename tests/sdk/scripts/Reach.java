import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Prints the status of each address given, asked for by java.net.http and by HttpURLConnection. */
class Reach {
    public static void main(String[] addresses) throws Exception {
        for (String address : addresses) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(address)).build();
            int status = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            java.net.HttpURLConnection old = (java.net.HttpURLConnection) URI.create(address).toURL().openConnection();
            System.out.println(status + " " + old.getResponseCode());
        }
    }
}
