-- Has each of wrk's connections wait between 1 and 3 seconds before each request.
math.randomseed(1)

function delay()
  return math.random(1000, 3000)
end
