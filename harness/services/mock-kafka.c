/*
 * A Kafka cluster for tests: the mock brokers of librdkafka, on free ports of the loopback, in a process of their own. What they have been
 * given they keep in memory, 5 MiB or 100,000 messages a partition at most.
 *
 * usage: mock-kafka BROKERS
 * Prints where they listen, "host:port,host:port". Then a command a line, each answered with "ok" or "error: why":
 *   topic NAME PARTITIONS       makes one
 *   down N, up N                broker N, from 1, closes its connections and takes none; and takes them again
 *   error KEY COUNT CODE        the next COUNT requests of API key KEY are answered with CODE
 *   leader NAME PARTITION N     broker N leads it from now on
 *   rtt N MS                    broker N answers so much later
 * It ends when its input does.
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>

static rd_kafka_resp_err_t obey(rd_kafka_mock_cluster_t *cluster, int brokers, const char *line) {
  char name[250];
  int a, b, c;
  if (sscanf(line, "topic %249s %d", name, &a) == 2)
    return rd_kafka_mock_topic_create(cluster, name, a, brokers < 3 ? 1 : 3);
  if (sscanf(line, "down %d", &a) == 1) return rd_kafka_mock_broker_set_down(cluster, a);
  if (sscanf(line, "up %d", &a) == 1) return rd_kafka_mock_broker_set_up(cluster, a);
  if (sscanf(line, "leader %249s %d %d", name, &a, &b) == 3)
    return rd_kafka_mock_partition_set_leader(cluster, name, a, b);
  if (sscanf(line, "rtt %d %d", &a, &b) == 2) return rd_kafka_mock_broker_set_rtt(cluster, a, b);
  if (sscanf(line, "error %d %d %d", &a, &b, &c) == 3) {
    while (b-- > 0) rd_kafka_mock_push_request_errors(cluster, (int16_t)a, 1, (rd_kafka_resp_err_t)c);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  return RD_KAFKA_RESP_ERR__INVALID_ARG;
}

int main(int argc, char **argv) {
  char why[512], line[512];
  int brokers = argc == 2 ? atoi(argv[1]) : 0;
  if (brokers < 1) {
    fprintf(stderr, "usage: mock-kafka BROKERS\n");
    return 2;
  }
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
  if (!client) {
    fprintf(stderr, "%s\n", why);
    return 1;
  }
  rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(client, brokers);
  if (!cluster) {
    fprintf(stderr, "no mock cluster\n");
    return 1;
  }
  printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    rd_kafka_resp_err_t error = obey(cluster, brokers, line);
    if (error)
      printf("error: %s\n", rd_kafka_err2str(error));
    else
      printf("ok\n");
    fflush(stdout);
  }
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(client);
  return 0;
}
